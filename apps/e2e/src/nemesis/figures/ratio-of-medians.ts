/** Two kinds of interleaved rounds compared by their medians, against what chance makes of rounds of one kind. Pure. */
import type { SeededRandom } from '../../crash/random.ts';

/** The durations of each round; rounds, not calls, are what chance draws: calls of one round resemble each other. */
export type Rounds = readonly (readonly number[])[];

interface Interval {
  low: number;
  high: number;
}

export interface Comparison {
  healthyMs: number;
  outageMs: number;
  /** Median of the outage over the median of the healthy rounds. */
  ratio: number;
  /** The same of the first, third, … of the healthy rounds over the second, fourth, …: how much one run differs from itself. */
  healthyRatio: number;
  /** In which 95 % of the ratios of healthy rounds over healthy rounds lie, as many on each side as were compared. */
  interval: Interval;
  place: 'below' | 'inside' | 'above';
}

const resamples = 2_000;
const outside = 0.025;
/** Of fewer rounds chance has nothing to draw from. */
export const fewestRounds = 4;

/** Compares the outage with the healthy rounds. Throws a RangeError when there are fewer than `fewestRounds`. */
export function compareRounds(
  { healthy, outage }: { healthy: Rounds; outage: Rounds },
  random: SeededRandom,
): Comparison {
  if (Math.min(healthy.length, outage.length) < fewestRounds)
    throw new RangeError(
      `${healthy.length} and ${outage.length} rounds: an interval needs ${fewestRounds} of each kind`,
    );
  const [odd, even] = alternatingHalves(healthy);
  const ratio = ratioOfMedians(outage, healthy);
  const interval = intervalOfHealth(healthy, outage.length, random);
  return {
    ...{ healthyMs: median(pooled(healthy)), outageMs: median(pooled(outage)) },
    ...{ ratio, healthyRatio: ratioOfMedians(odd, even), interval },
    place: ratio < interval.low ? 'below' : ratio > interval.high ? 'above' : 'inside',
  };
}

/** The value in the middle, or between the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  // Typed arrays sort by number, faster than by a function: the bootstrap sorts thousands.
  const sorted = new Float64Array(values).sort();
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? NaN) + upper) / 2;
}

/** What drifts by, drifts by both. */
function alternatingHalves(rounds: Rounds): [Rounds, Rounds] {
  return [rounds.filter((_, index) => index % 2 === 0), rounds.filter((_, index) => index % 2 === 1)];
}

function ratioOfMedians(one: Rounds, other: Rounds): number {
  return median(pooled(one)) / median(pooled(other));
}

/** Ten times as fast as `flat`, of which the bootstrap would need thousands. */
function pooled(rounds: Rounds): number[] {
  return ([] as number[]).concat(...rounds);
}

/**
 * The percentile bootstrap of an outage that costs nothing: both sides are drawn, round by round and with replacement, from all healthy
 * rounds. Two fixed halves would not do: of two that differ by chance it is their names that put 1 inside or outside.
 */
function intervalOfHealth(healthy: Rounds, outages: number, random: SeededRandom): Interval {
  const draw = (count: number): Rounds => Array.from({ length: count }, () => random.pick(healthy));
  const ratios = Float64Array.from({ length: resamples }, () =>
    ratioOfMedians(draw(outages), draw(healthy.length)),
  ).sort();
  const at = (share: number): number => ratios[Math.round((resamples - 1) * share)] ?? NaN;
  return { low: at(outside), high: at(1 - outside) };
}
