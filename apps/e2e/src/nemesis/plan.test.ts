/** A run can be had again: the plan follows from the seed, and leaves nothing out. */
import { describe, expect, it } from 'vitest';
import { allNemeses } from './nemeses/index.ts';
import { planFaults, type PlannedFault } from './plan.ts';

function first(seed: number, count: number): PlannedFault[] {
  const faults = planFaults(allNemeses, seed);
  return Array.from({ length: count }, () => faults.next().value as PlannedFault);
}

const plan = (seed: number, count: number) =>
  first(seed, count).map(({ nemesis, ...rest }) => ({ ...rest, nemesis: nemesis.name }));

describe('the plan of a run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plan(7, 100)).toEqual(plan(7, 100));
    expect(plan(8, 100)).not.toEqual(plan(7, 100));
  });

  it('has every nemesis once before any comes again, each for as long as it may last', () => {
    const names = plan(7, allNemeses.length * 2).map(({ nemesis }) => nemesis);
    for (const round of [names.slice(0, allNemeses.length), names.slice(allNemeses.length)])
      expect(round.toSorted()).toEqual(allNemeses.map(({ name }) => name).toSorted());
    for (const { nemesis, lastsMs } of first(9, 200)) {
      expect(lastsMs).toBeGreaterThanOrEqual(nemesis.lastsMs[0]);
      expect(lastsMs).toBeLessThanOrEqual(nemesis.lastsMs[1]);
    }
  });

  it('knows every nemesis by a name of its own', () => {
    expect(new Set(allNemeses.map(({ name }) => name)).size).toBe(allNemeses.length);
    expect(allNemeses.length).toBeGreaterThan(25);
  });
});
