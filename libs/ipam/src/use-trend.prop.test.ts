/** What a trend says holds for every pace, and churn alone never makes it cry out. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UseTrend, useSampleMs } from './use-trend.ts';

const dayMs = 24 * 3_600_000;

function seen(taken: readonly number[]): UseTrend {
  const trend = new UseTrend();
  for (const [index, each] of taken.entries()) trend.note(index * useSampleMs, each);
  return trend;
}

it('tells a steady pace to the millisecond, whatever it is', () => {
  const [pace, free, count] = [
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 10_000 }),
    fc.integer({ min: 14, max: 300 }),
  ];
  fc.assert(
    fc.property(pace, free, count, (perSample, left, samples) => {
      const trend = seen(Array.from({ length: samples }, (_, index) => 7 + perSample * index));
      expect(trend.untilFullMs(left)).toBeCloseTo((left / perSample) * useSampleMs, 0);
    }),
  );
});

it('never takes churn around one size for a pool that is full within a day', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 40, max: 60 }), { minLength: 250, maxLength: 288 }), (taken) => {
      expect(seen(taken).untilFullMs(1_000) ?? Infinity).toBeGreaterThan(dayMs);
    }),
  );
});
