/** The checker of ownership can fail: every way in which a subnet has two owners is told. */
import { describe, expect, it } from 'vitest';
import type { HistoryEvent, OperationEvent } from '../history/event.ts';
import { ownershipViolations } from './ownership.ts';

const run: HistoryEvent = {
  ...{ kind: 'run', seed: 1, cluster: 'c', realNodes: [], clockRate: 1 },
  ...{ registrationTtlMs: 6_000, holdDownMs: 30_000 },
};
let clock = 0;
const does = (
  node: string,
  name: OperationEvent['name'],
  grantId: string,
  change: Partial<OperationEvent> = {},
): OperationEvent => ({
  ...{
    kind: 'operation',
    process: node,
    nodeId: node,
    name,
    outcome: 'ok',
    grants: [{ cidr: '10.0.0.0/24', grantId }],
  },
  ...{ invokeMs: (clock += 10), endMs: (clock += 10) },
  ...change,
});
const found = (...events: HistoryEvent[]): string[] => ownershipViolations([run, ...events]);

describe('the ownership of a subnet', () => {
  it('may pass from one node to another by a release', () => {
    expect(
      found(
        does('a', 'register', 'g1'),
        does('a', 'renew', 'g1'),
        does('a', 'release', 'g1'),
        does('b', 'register', 'g2'),
      ),
    ).toEqual([]);
  });

  it('is violated by a grant of what another node has', () => {
    const [violation] = found(does('a', 'register', 'g1'), does('b', 'register', 'g2'));
    expect(violation).toContain('10.0.0.0/24: register by b with grant g2');
  });

  it('is violated by a renewal that is answered as valid after somebody else got the subnet', () => {
    expect(
      found(
        does('a', 'register', 'g1'),
        does('a', 'release', 'g1', { outcome: 'unknown' }),
        does('b', 'register', 'g2'),
        does('a', 'renew', 'g1'),
      ),
    ).toHaveLength(1);
  });

  const loss = (): HistoryEvent => ({
    ...{ kind: 'fault', number: 1, nemesis: 'n', what: 'x', harm: 'history', inFlight: 1, ratePerSec: 30 },
    ...{ strikeMs: (clock += 10), struckMs: (clock += 10), healMs: (clock += 10), healedMs: (clock += 10) },
    ...{ convergedMs: 1, differences: [] },
  });

  it('allows, after the store has lost history, an earlier grant that is claimed before the later one is heard again', () => {
    const first = [does('a', 'register', 'g1'), does('a', 'release', 'g1'), does('b', 'register', 'g2')];
    expect(found(...first, loss(), does('a', 'register', 'g1'))).toEqual([]);
    expect(found(...first, loss(), does('a', 'register', 'g1'), does('b', 'renew', 'g2'))).toHaveLength(1);
  });

  it('is violated, also then, by a new grant, and by a claim after the later grant was heard', () => {
    const first = [does('a', 'register', 'g1'), does('a', 'release', 'g1'), does('b', 'register', 'g2')];
    expect(found(...first, loss(), does('c', 'register', 'g3'))).toHaveLength(1);
    expect(found(...first, loss(), does('b', 'register', 'g2'), does('a', 'register', 'g1'))).toHaveLength(1);
  });

  it('allows what a lost answer may have done: a registration, a release', () => {
    const lost = does('b', 'register', 'g2', { outcome: 'unknown', grants: [] });
    const before = does('a', 'register', 'g1', { invokeMs: lost.endMs + 5, endMs: lost.endMs + 6 });
    expect(found(lost, before)).toEqual([]);
    expect(
      found(
        does('a', 'register', 'g1'),
        does('a', 'release', 'g1', { outcome: 'unknown' }),
        does('b', 'register', 'g2'),
      ),
    ).toEqual([]);
  });

  it('ends by the hold-down, not before', () => {
    const first = does('a', 'register', 'g1');
    const after = (ms: number): OperationEvent =>
      does('b', 'register', 'g2', { invokeMs: first.invokeMs + ms, endMs: first.invokeMs + ms + 5 });
    expect(found(first, after(29_000))).toHaveLength(1);
    expect(found(first, after(31_000))).toEqual([]);
  });

  it('ends for one who is forgotten', () => {
    expect(
      found(does('a', 'register', 'g1'), does('a', 'forget', '', { grants: [] }), does('b', 'register', 'g2')),
    ).toEqual([]);
  });
});
