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
