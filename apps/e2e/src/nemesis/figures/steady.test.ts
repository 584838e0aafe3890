/** What grows is seen, and what only wavers is not taken for it. */
import { expect, it } from 'vitest';
import { growthOf, judgeSteadiness, type Sample } from './steady.ts';

const minutes = Array.from({ length: 30 }, (_, index) => index + 1);

interface Course {
  heapMb?: (minute: number) => number;
  descriptors?: (minute: number) => number;
  tombstones?: (minute: number) => number;
  idle?: (minute: number) => number;
}

function course({ heapMb, descriptors, tombstones, idle }: Course, over = minutes): Sample[] {
  return over.map((minute) => ({
    minute,
    isStill: minute % 10 === 0,
    programs: {
      m3: {
        heapBytes: (heapMb?.(minute) ?? 30) * 1_000_000,
        externalBytes: 0,
        residentBytes: 0,
        descriptors: descriptors?.(minute) ?? 40,
      },
    },
    leases: {
      all: 6 + (tombstones?.(minute) ?? 0) + (idle?.(minute) ?? 2),
      tombstones: tombstones?.(minute) ?? 0,
      idle: idle?.(minute) ?? 2,
    },
  }));
}

const broken = (samples: Sample[]): string[] =>
  judgeSteadiness(samples).flatMap(({ name, isKept }) => (isKept ? [] : [name.replace(/,? .*(grown )?in the.*/, '')]));

it('what stays as it is keeps every promise', () => {
  expect(judgeSteadiness(course({}))).toHaveLength(4);
  expect(broken(course({}))).toEqual([]);
});

it('growth by the line is the slope over the time, whatever single values do', () => {
  const straight = growthOf(minutes.map((minute) => [minute, 100 + 3 * minute]));
  expect(straight.byLine).toBeCloseTo(87);
  expect(straight.byEnds).toBe(87);
  const hidden = growthOf(minutes.map((minute) => [minute, minute === 30 ? 103 : 100 + 3 * minute]));
  expect(hidden.byEnds).toBe(0);
  expect(hidden.byLine).toBeGreaterThan(60);
});

it('a heap that grows by 5 MB in the last twenty minutes is broken, one that warms up in the first ten is not', () => {
  expect(broken(course({ heapMb: (minute) => 30 + minute * 0.26 }))).toHaveLength(1);
  expect(broken(course({ heapMb: (minute) => 30 + minute * 0.24 }))).toEqual([]);
  expect(broken(course({ heapMb: (minute) => 30 + Math.min(minute, 10) * 4 }))).toEqual([]);
});

it('a heap that leaps at the end is broken, though the line is still below', () => {
  const [heap] = judgeSteadiness(course({ heapMb: (minute) => (minute === 30 ? 36 : 30) }));
  expect(heap?.isKept).toBe(false);
});

it('descriptors that come one by one are broken, those that come and go by two or are kept alive for a while are not', () => {
  expect(broken(course({ descriptors: (minute) => 40 + Math.floor(minute / 5) }))).toHaveLength(1);
  expect(broken(course({ descriptors: (minute) => (minute === 20 ? 43 : 40) }))).toHaveLength(1);
  expect(broken(course({ descriptors: (minute) => 40 + (minute % 3) }))).toEqual([]);
  expect(broken(course({ descriptors: (minute) => (minute % 10 === 0 ? 40 : 40 + minute) }))).toEqual([]);
});

it('a lease left over every five minutes is broken, leases of tombstones are not', () => {
  expect(broken(course({ idle: (minute) => 2 + Math.floor(minute / 5) }))).toHaveLength(2);
  expect(broken(course({ tombstones: (minute) => minute * 100 }))).toEqual([]);
});

it('a run of few samples shows nothing, and is not kept', () => {
  expect(judgeSteadiness([]).every(({ isKept }) => !isKept)).toBe(true);
  expect(judgeSteadiness(course({}, [1, 2, 3])).every(({ isKept }) => !isKept)).toBe(true);
});
