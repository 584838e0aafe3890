/** Terms are read from logs, and an overlap is seen. */
import { expect, it } from 'vitest';
import { logOverlapMs, termsOf } from './terms.ts';

const line = (time: number, msg: string) => ({ time, msg });

it('a term lasts from the election to the step down, or to the next start of the process', () => {
  const lines = [
    line(10, 'leader.elected'),
    line(50, 'leader.stepped-down'),
    line(90, 'leader.elected'),
    line(95, 'replica.started'),
  ];
  expect(termsOf('m1', lines)).toEqual([
    { replicaId: 'm1', fromMs: 10, toMs: 50 },
    { replicaId: 'm1', fromMs: 90, toMs: 95 },
  ]);
});

it('two replicas overlap by the time in which both were in a term', () => {
  const one = termsOf('m1', [line(10, 'leader.elected'), line(50, 'leader.stepped-down')]);
  expect(logOverlapMs([...one, ...termsOf('m2', [line(50, 'leader.elected')])])).toBe(0);
  expect(logOverlapMs([...one, ...termsOf('m2', [line(43, 'leader.elected')])])).toBe(7);
});
