/** Rounds of two kinds are told apart when they differ, and not when only chance or drift moves them. */
import { expect, it } from 'vitest';
import { SeededRandom } from '../../crash/random.ts';
import { compareRounds, median, type Rounds } from './ratio-of-medians.ts';

interface Machine {
  /** How much longer an outage makes a call. */
  outageFactor: number;
  /** How much longer a call takes in the last round than in the first. */
  driftFactor: number;
}

/** Ten rounds of fifty calls of each kind, turn by turn, of about 100 ms each; rounds have moods of a few per cent. */
function interleaved({ outageFactor, driftFactor }: Machine, seed: number): { healthy: Rounds; outage: Rounds } {
  const random = new SeededRandom(seed);
  const rounds = Array.from({ length: 20 }, (_, index) => {
    const kind = index % 2 === 0 ? 1 : outageFactor;
    const mood = (0.97 + 0.06 * random.next()) * (1 + ((driftFactor - 1) * index) / 19);
    return Array.from({ length: 50 }, () => 100 * kind * mood * (0.8 + 0.4 * random.next()));
  });
  return {
    healthy: rounds.filter((_, index) => index % 2 === 0),
    outage: rounds.filter((_, index) => index % 2 === 1),
  };
}

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
const placesOf = (machine: Machine): string[] =>
  seeds.map((seed) => compareRounds(interleaved(machine, seed), new SeededRandom(seed)).place);

it('the median is the value in the middle, or half way between the two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([8, 1, 10, 2])).toBe(5);
  expect(median([])).toBeNaN();
});

it('rounds that are all alike have a ratio and an interval of 1', () => {
  const rounds = Array.from({ length: 4 }, () => [90, 100, 110]);
  expect(compareRounds({ healthy: rounds, outage: rounds }, new SeededRandom(1))).toEqual({
    ...{ healthyMs: 100, outageMs: 100, ratio: 1, healthyRatio: 1 },
    ...{ interval: { low: 1, high: 1 }, place: 'inside' },
  });
});

it('an outage that costs a fifth is above the interval, one that saves a fifth is below it, every time', () => {
  expect(new Set(placesOf({ outageFactor: 1.2, driftFactor: 1 }))).toEqual(new Set(['above']));
  expect(new Set(placesOf({ outageFactor: 0.8, driftFactor: 1 }))).toEqual(new Set(['below']));
});

it('an outage that costs nothing is inside nearly always, also on a machine that slows down by a half', () => {
  for (const driftFactor of [1, 1.5]) {
    const inside = placesOf({ outageFactor: 1, driftFactor }).filter((place) => place === 'inside');
    expect(inside.length).toBeGreaterThanOrEqual(10);
  }
});

it('healthy rounds that are slow by turns make no outage look slow that is slow by turns, too', () => {
  const rounds = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? [95, 100, 105] : [125, 130, 135]));
  const { healthyRatio, ratio, interval, place } = compareRounds(
    { healthy: rounds, outage: rounds },
    new SeededRandom(1),
  );
  expect([healthyRatio, ratio, place]).toEqual([100 / 130, 1, 'inside']);
  expect(interval.low).toBeLessThan(1);
  expect(interval.high).toBeGreaterThan(1);
});

it('one seed gives one interval', () => {
  const rounds = interleaved({ outageFactor: 1, driftFactor: 1 }, 7);
  const { interval } = compareRounds(rounds, new SeededRandom(3));
  expect(compareRounds(rounds, new SeededRandom(3)).interval).toEqual(interval);
  expect(compareRounds(rounds, new SeededRandom(4)).interval).not.toEqual(interval);
});

it('refuses rounds too few for an interval', () => {
  const three = [[1], [2], [3]];
  expect(() => compareRounds({ healthy: three, outage: three }, new SeededRandom(1))).toThrow(RangeError);
});
