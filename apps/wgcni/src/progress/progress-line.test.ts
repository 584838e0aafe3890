/** Who is shown progress, and what the line says. */
import { describe, expect, it } from 'vitest';
import { mannerFor, patienceMs, progressLine, type Waiting } from './progress-line.ts';

it.each([
  ['a person at a terminal', { isTerminal: true, isJson: false, terminal: 'xterm' }, 'line'],
  ['a terminal that cannot erase', { isTerminal: true, isJson: false, terminal: 'dumb' }, 'steps'],
  ['a terminal of which nothing is known', { isTerminal: true, isJson: false, terminal: undefined }, 'steps'],
  ['a file', { isTerminal: false, isJson: false, terminal: 'xterm' }, 'steps'],
  ['a program', { isTerminal: true, isJson: true, terminal: 'xterm' }, 'none'],
])('%s is told in the right manner', (_, onlooker, manner) => {
  expect(mannerFor(onlooker)).toBe(manner);
});

describe('the line', () => {
  const waiting: Waiting = { pending: ['etcd'], ended: 0, said: undefined, elapsedMs: 3_900, columns: 80 };
  const line = (more: Partial<Waiting>): string | undefined => progressLine({ ...waiting, ...more });

  it.each<[Partial<Waiting>, string | undefined]>([
    [{}, '… etcd (3 s)'],
    [{ elapsedMs: patienceMs - 1 }, undefined],
    [{ pending: [], ended: 2 }, undefined],
    [{ pending: ['etcd', 'the node-manager'], ended: 1 }, '… etcd, the node-manager (1 of 3, 3 s)'],
    [{ said: 'n1: 2 attachments are left' }, '… n1: 2 attachments are left (3 s)'],
    [{ columns: 8 }, '… etcd…'],
    [{ columns: undefined }, '… etcd (3 s)'],
  ])('of %j is %s', (more, text) => {
    expect(line(more)).toBe(text);
  });
});
