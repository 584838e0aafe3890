/** What a history is judged by. */
import { expect, it } from 'vitest';
import type { HistoryEvent } from './history/event.ts';
import { clockRate, wildClockRate } from './nemeses/clocks.ts';
import { countViolations, judge } from './verdict.ts';

const added = (containerId: string): HistoryEvent => ({
  ...{ kind: 'operation', process: containerId, name: 'add', containerId, invokeMs: 0, endMs: 1, outcome: 'ok' },
  addresses: ['10.64.0.2'],
});
const history = (rate: number): HistoryEvent[] => [
  {
    ...{ kind: 'run', seed: 1, cluster: 'c', realNodes: [], clockRate: rate },
    ...{ registrationTtlMs: 6_000, holdDownMs: 30_000 },
  },
  ...[added('c1'), added('c2')],
];

it('every promise counts while clocks are as wrong as the design allows, the ownership in etcd beyond that', () => {
  const usual = judge(history(clockRate));
  expect(usual.violations['uniqueness of addresses']).toEqual(['10.64.0.2 was given to c2 while c1 had it']);
  const wild = judge(history(wildClockRate));
  expect(wild.violations).toEqual({ 'ownership in etcd': [] });
  expect(countViolations(wild)).toBe(0);
});
