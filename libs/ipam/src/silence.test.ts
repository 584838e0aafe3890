/** Silence and rest: only what one leader measured itself between two readings of one term counts. */
import { describe, expect, it } from 'vitest';
import { advanceRest, advanceSilence, measuredGapMs, smallestGapMs, type Reading } from './silence.ts';

const reading = (atMs: number, change: Partial<Reading> = {}): Reading => ({
  atMs,
  term: 7,
  silent: new Set(['n1']),
  resting: new Set(['10.64.0.0/24']),
  ...change,
});

describe('the time between two readings', () => {
  it.each([
    ['nothing before', undefined, reading(90_000), 0],
    ['exactly the smallest gap', reading(0), reading(smallestGapMs), 60_000],
    ['a hair less', reading(0.5), reading(smallestGapMs), 0],
    ['parts of a millisecond', reading(0.2), reading(70_000.9), 70_000],
    ['two terms', reading(0, { term: 6 }), reading(90_000), 0],
  ])('%s', (_what, previous, now, gap) => expect(measuredGapMs(previous, now)).toBe(gap));

  it('is as short as the caller says', () => {
    expect([measuredGapMs(reading(0), reading(100), 100), measuredGapMs(reading(0), reading(99), 100)]).toEqual([
      100, 0,
    ]);
  });
});

describe('the silence of a node', () => {
  const subnet = { nodeId: 'n1', silentMs: 5_000 };

  it.each([
    ['grows by what both readings saw', reading(0), reading(60_000), 65_000],
    ['does not grow at the first reading', undefined, reading(60_000), 5_000],
    [
      'does not grow by a gap that began before it was silent',
      reading(0, { silent: new Set() }),
      reading(60_000),
      5_000,
    ],
    ['does not grow across terms', reading(0, { term: 6 }), reading(60_000), 5_000],
    ['is over when the node was heard', reading(0), reading(60_000, { silent: new Set(['n2']) }), 0],
  ])('%s', (_what, previous, now, silentMs) => expect(advanceSilence(subnet, previous, now)).toBe(silentMs));

  it('takes the smallest gap that it is given', () => {
    expect(advanceSilence(subnet, reading(0), reading(500), 500)).toBe(5_500);
  });
});

describe('the rest of a subnet', () => {
  const subnet = { cidr: '10.64.0.0/24', silentMs: 1_000 };
  const none = { resting: new Set<string>() };

  it.each([
    ['grows by what both readings saw', reading(0), reading(60_000), 61_000],
    ['does not grow at the first reading', undefined, reading(60_000), 1_000],
    ['does not grow when it did not rest before', reading(0, none), reading(60_000), 1_000],
    ['does not grow when it rests no more', reading(0), reading(60_000, none), 1_000],
    ['does not grow across terms', reading(0, { term: 1 }), reading(60_000), 1_000],
  ])('%s', (_what, previous, now, restMs) => expect(advanceRest(subnet, previous, now)).toBe(restMs));

  it('takes the smallest gap that it is given', () => {
    expect(advanceRest(subnet, reading(0), reading(500), 500)).toBe(1_500);
  });
});
