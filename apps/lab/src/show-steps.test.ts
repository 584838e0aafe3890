/** The steps of the lab on a terminal, and in a file. */
import { expect, it } from 'vitest';
import { showSteps } from './show-steps.ts';

it.each([
  [true, '\r\u001B[K  … etcd|\r\u001B[K|  ✓ etcd (9 ms)'],
  [false, '  ✓ etcd (9 ms)'],
])('on a terminal: %s', (isTTY, shown) => {
  const told: string[] = [];
  const { begins, progress } = showSteps({ isTTY, write: (text) => told.push(text) }, (line) => void told.push(line));
  begins('etcd');
  progress('etcd (9 ms)');
  expect(told.join('|')).toBe(shown);
});
