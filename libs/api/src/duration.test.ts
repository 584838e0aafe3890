/** A duration is a number and a unit. */
import { expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

it.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['12', 12_000],
])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

it.each(['', 's', '-1s', '1.5h', '1 h', '1w', '1234567890'])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
