/** Lines that fit a terminal. */
import { expect, it } from 'vitest';
import { fitted } from './screen.ts';

it.each([
  [undefined, 'abcdef\nab'],
  [6, 'abcdef\nab'],
  [5, 'abcd…\nab'],
  [1, '…\n…'],
])('in %s columns', (columns, shown) => {
  expect(fitted('abcdef\nab', columns)).toBe(shown);
});
