/** Each is asked in its turn, the broken and the others, however many there are of either. */
import { expect, it } from 'vitest';
import { type AskedLast, type Quiet, whoToAsk } from './who-to-ask.ts';

const never = { broken: '', others: '' };
const quiet = (names: string, broken = ''): Quiet[] =>
  [...names].map((nodeId) => ({ nodeId, isBroken: broken.includes(nodeId) }));

/** Who is asked in so many turns. */
function turns(count: number, of: readonly Quiet[], most: number): string[] {
  let last: AskedLast = never;
  return Array.from({ length: count }, () => {
    const told = whoToAsk(of, last, most);
    last = told.last;
    return told.asked.join('');
  });
}

it('is everybody who is quiet, the broken first, when there is time for all', () => {
  expect(whoToAsk(quiet('cab', 'b'), never, 10)).toEqual({
    ...{ asked: ['b', 'a', 'c'], last: { broken: 'b', others: 'c' } },
    turns: 1,
  });
  expect(whoToAsk([], never, 10)).toEqual({ asked: [], last: never, turns: 0 });
});

it('is each in turn when there are more', () => {
  expect(turns(3, quiet('abcde'), 2)).toEqual(['ab', 'cd', 'ea']);
});

it('is not only the broken, however many they are, and each of these in turn too', () => {
  expect(turns(3, quiet('abcdefg', 'abcde'), 4)).toEqual(['abfg', 'cdfg', 'eafg']);
});

it('tells how many turns it takes until each was asked', () => {
  expect(whoToAsk(quiet('abcdefg', 'abcde'), never, 4).turns).toBe(3);
  expect(whoToAsk(quiet('abcdefg'), never, 2).turns).toBe(4);
});
