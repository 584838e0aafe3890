/** A pool that fills is full when its free subnets are used up at that pace; one that does not fill has no such time. */
import { describe, expect, it } from 'vitest';
import { UseTrend, useSampleMs } from './use-trend.ts';

const hourMs = 3_600_000;
const perHour = hourMs / useSampleMs;

/** A trend that has seen `taken` of each sample, from instant 1,000 on. */
function seen(taken: readonly number[]): UseTrend {
  const trend = new UseTrend();
  for (const [index, each] of taken.entries()) trend.note(1_000 + index * useSampleMs, each);
  return trend;
}

const steps = (count: number, read: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => read(i));

describe('a pool that fills', () => {
  it('is full when what is free is used up at the pace of the last day', () => {
    expect(seen(steps(2 * perHour, (i) => 10 + i / perHour)).untilFullMs(48)).toBeCloseTo(48 * hourMs, 0);
    expect(seen(steps(perHour + 1, (i) => i)).untilFullMs(100)).toBeCloseTo(100 * useSampleMs, 3);
  });

  it('is told of through what goes up and down meanwhile', () => {
    const ms = seen(steps(4 * perHour, (i) => 100 + i + (i % 3))).untilFullMs(60);
    expect(ms).toBeGreaterThan(0.95 * 60 * useSampleMs);
    expect(ms).toBeLessThan(1.05 * 60 * useSampleMs);
  });

  it('is judged by the last day alone', () => {
    const slowThenQuick = [...steps(36 * perHour, () => 5), ...steps(24 * perHour + 1, (i) => 5 + i)];
    expect(seen(slowThenQuick).untilFullMs(100)).toBeCloseTo(100 * useSampleMs, 0);
  });

  it('is full at once when nothing is free, trend or not', () => {
    expect([new UseTrend().untilFullMs(0), seen(steps(30, () => 5)).untilFullMs(0)]).toEqual([0, 0]);
  });
});

describe('nothing is said', () => {
  it.each([
    ['before anything was seen', []],
    ['of seven samples', steps(7, (i) => i)],
    ['of less than an hour', steps(perHour, (i) => i)],
    ['when what is taken stays', steps(60, () => 12)],
    ['when it falls', steps(60, (i) => 100 - i)],
    ['when it goes up and down', steps(60, (i) => 20 + (i % 7))],
    ['after a burst that is over', steps(60, (i) => Math.min(i, 20))],
    ['when it lasts more than ten years', steps(60, (i) => 1 + i * 1e-4)],
  ])('%s', (_, taken) => {
    expect(seen(taken).untilFullMs(1_000)).toBeUndefined();
  });
});

it('passes over what is noted too soon', () => {
  const trend = seen(steps(perHour + 1, (i) => i));
  trend.note(1_000 + perHour * useSampleMs + 1, 1_000_000);
  expect(trend.untilFullMs(100)).toBeCloseTo(100 * useSampleMs, 3);
});
