/** Lines that fit a terminal. */
import { expect, it } from 'vitest';
import { columnsOf, fitted } from './screen.ts';

it.each([
  [undefined, 'abcdef\nab'],
  [6, 'abcdef\nab'],
  [5, 'abcd…\nab'],
  [1, '…\n…'],
])('in %s columns', (columns, shown) => {
  expect(fitted('abcdef\nab', columns)).toBe(shown);
});

it.each([
  [true, 80, 80],
  [true, 0, undefined],
  [false, 80, undefined],
])('a terminal: %s, of %d columns, has %s', (isTTY, columns, known) => {
  expect(columnsOf({ isTTY, columns })).toBe(known);
});

it.each([undefined, 80])('in %s columns a terminal shows what a node wrote, and does nothing of it', (columns) => {
  expect(fitted('n1\tbroken: \u001B]52;c;eA==\u0007\u001B[2J\u009B2J\nn2\tup', columns)).toBe(
    'n1\tbroken: �]52;c;eA==��[2J�2J\nn2\tup',
  );
});
