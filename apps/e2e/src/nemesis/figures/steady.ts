/** Whether long-lived programs stay as they are: verdicts from samples of one a minute. Pure. */
import type { Figure } from './figure.ts';
import type { LeaseCount } from './lease-count.ts';

/** One program at rest. */
interface ProgramSample {
  heapBytes: number;
  externalBytes: number;
  residentBytes: number;
  /** Open file descriptors. */
  descriptors: number;
}

export interface Sample {
  /** Since the churn began. */
  minute: number;
  /** Taken after so long a rest that no connection is kept alive for its next request. */
  isStill: boolean;
  programs: Record<string, ProgramSample>;
  leases: LeaseCount;
}

/** What may come on top in the last two thirds of the time, by the line through the samples and from the first to the last. */
const mostHeapBytes = 5_000_000;
/** By how much descriptors and leases may differ from what they were at the end of the first third. */
const mostDrift = 2;
/** Below that there is no line to speak of. */
const leastSamples = 4;

/** Each program's heap and descriptors, and the leases; the first third of the time is left out: programs warm up. */
export function judgeSteadiness(samples: readonly Sample[]): Figure[] {
  const last = samples.at(-1)?.minute ?? 0;
  const counted = samples.filter(({ minute }) => minute >= last / 3);
  const span = `in the last ${last - (counted[0]?.minute ?? 0)} of ${last} minutes`;
  const isEnough = counted.length >= leastSamples;
  const still = counted.filter(({ isStill }) => isStill);
  const names = Object.keys(counted[0]?.programs ?? {});
  return [
    ...names.flatMap((name) => [
      judgeHeap(`heap of ${name} after collection, grown ${span}`, seriesOf(counted, name, 'heapBytes'), isEnough),
      judgeCount(`descriptors of ${name} ${span}`, seriesOf(still, name, 'descriptors'), isEnough),
    ]),
    judgeCount(
      `etcd leases other than tombstones' ${span}`,
      counted.map(({ minute, leases }) => [minute, leases.all - leases.tombstones]),
      isEnough,
    ),
    judgeCount(
      `etcd leases without a key ${span}`,
      counted.map(({ minute, leases }) => [minute, leases.idle]),
      isEnough,
    ),
  ];
}

type Series = readonly (readonly [minute: number, value: number])[];

function seriesOf(samples: readonly Sample[], name: string, what: keyof ProgramSample): Series {
  return samples.map(({ minute, programs }) => [minute, programs[name]?.[what] ?? NaN]);
}

function judgeHeap(name: string, series: Series, isEnough: boolean): Figure {
  const { byLine, byEnds, values } = growthOf(series);
  return {
    name,
    value: `${inMb(byLine)} MB by the line, ${inMb(byEnds)} MB from first to last (${values.map(inMb).join(' ')})`,
    isKept: isEnough && byLine < mostHeapBytes && byEnds < mostHeapBytes,
  };
}

/** Neither a trend nor a value that is further off than allowed. */
function judgeCount(name: string, series: Series, isEnough: boolean): Figure {
  const { byLine, values } = growthOf(series);
  const [first = NaN] = values;
  const isNear = values.length > 1 && values.every((value) => Math.abs(value - first) <= mostDrift);
  return {
    name,
    value: `${values.join(' ')}, ${byLine.toFixed(1)} by the line`,
    isKept: isEnough && isNear && Math.abs(byLine) <= mostDrift,
  };
}

/** By how much a series grew over its whole time: by the line of least squares, and as it began and ended. */
export function growthOf(series: Series): { byLine: number; byEnds: number; values: number[] } {
  const values = series.map(([, value]) => value);
  const minutes = series.map(([minute]) => minute);
  const [meanMinute, meanValue] = [mean(minutes), mean(values)];
  const covariance = mean(series.map(([minute, value]) => (minute - meanMinute) * (value - meanValue)));
  const variance = mean(minutes.map((minute) => (minute - meanMinute) ** 2));
  const length = (minutes.at(-1) ?? NaN) - (minutes[0] ?? NaN);
  return {
    byLine: (covariance / variance) * length,
    byEnds: (values.at(-1) ?? NaN) - (values[0] ?? NaN),
    values,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function inMb(bytes: number): string {
  return (bytes / 1_000_000).toFixed(2);
}
