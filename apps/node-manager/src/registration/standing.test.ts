/** Whether ADD is served by where the node stands, and what a refusal says. */
import { describe, expect, it } from 'vitest';
import { emptyView, type ClusterView } from '../view/cluster-view.ts';
import { judge, type Circumstances } from './standing.ts';

const network = {
  ...{ networkId: 'a'.repeat(32), pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }], mtu: 1_340 },
  ...{ keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 90 },
};
const view: ClusterView = { ...emptyView, network, grants: [{ cidr: '10.64.0.0/24', grantId: 'g' }] };
const good: Circumstances = {
  ...{ standing: { kind: 'registered' }, isDraining: false, view, isAccounted: true, isHostKept: true },
  fenceReason: () => undefined,
};
const judged = (change: Partial<Circumstances>): string => {
  const { readiness, refusal } = judge({ ...good, ...change });
  return refusal === undefined ? readiness : `${readiness}: ${refusal.message}`;
};

describe('ADD is', () => {
  it('served when nothing stands against it, also without contact while the hold-down allows it', () => {
    expect(judged({})).toBe('ready');
    expect(judged({ standing: { kind: 'unreachable', why: 'no answer' } })).toBe('ready');
  });

  it.each<[string, Partial<Circumstances>]>([
    ['deleted: this node was deleted from the cluster', { standing: { kind: 'deleted' } }],
    ['duplicate: two of one name', { standing: { kind: 'duplicate', why: 'two of one name' } }],
    ['starting: this node has not been registered yet', { view: emptyView }],
    ['draining: this node is draining', { isDraining: true }],
    ['no-grant: this node holds no subnet', { view: { ...view, grants: [] } }],
    [
      'no-grant: the subnet 10.64.0.0/24 overlaps eth1',
      { view: { ...view, refused: [{ cidr: '10.64.0.0/24', why: 'eth1' }] } },
    ],
    ['starting: the containers found on this node are not accounted for yet', { isAccounted: false }],
    ['starting: the packet filter of this node is not set yet', { isHostKept: false }],
    ['starting: the packet filter of this node is not set yet: no nat', { isHostKept: false, hostFailure: 'no nat' }],
    ['fenced: too long', { fenceReason: () => 'too long' }],
  ])('refused: %s', (words, change) => {
    expect(judged(change)).toBe(words);
    expect(judge({ ...good, ...change }).refusal?.code).toMatch(/^node\./);
  });
});
