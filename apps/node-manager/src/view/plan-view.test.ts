/** Nothing leaves the view without a readable cause, whatever the store shows. */
import { describe, expect, it } from 'vitest';
import { emptyView, type ClusterView, type NetworkPlan } from './cluster-view.ts';
import { planView } from './plan-view.ts';
import type { MeshSnapshot, NodeEntry, Tombstone } from './snapshot.ts';

const network: NetworkPlan = {
  networkId: 'a'.repeat(32),
  pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
  mtu: 1420,
  keepaliveSec: 25,
  registrationTtlSec: 30,
  holdDownSec: 86_400,
};
const self = 'self';
const node = (id: number, modRevision: number, change: Partial<NodeEntry> = {}): NodeEntry => ({
  nodeId: `n${id}`,
  publicKey: `key-${id}`,
  endpoints: [`192.0.2.${id}:51820`],
  subnets: [{ cidr: `10.64.${id}.0/24`, grantId: `g${id}` }],
  modRevision,
  ...change,
});
const shows = (revision: number, nodes: NodeEntry[], change: Partial<MeshSnapshot> = {}): MeshSnapshot => ({
  ...{ revision, network, nodes, clients: [], draining: [], gone: [] },
  ...{ quarantined: [], quarantinedNodes: [], quarantinedClients: [], containers: [] },
  ...change,
});
const tombstone = (entry: NodeEntry, modRevision: number, change: Partial<Tombstone> = {}): Tombstone => ({
  ...{
    kind: 'node',
    why: 'deleted',
    nodeId: entry.nodeId,
    publicKey: entry.publicKey,
    subnets: entry.subnets,
    modRevision,
  },
  ...change,
});
const after = (...snapshots: MeshSnapshot[]): ClusterView =>
  snapshots.reduce((view, snapshot) => planView(view, snapshot, self).view, emptyView);
const stateOf = (view: ClusterView): Record<string, string> =>
  Object.fromEntries(
    view.nodes.map(({ nodeId, state, subnets }) => [nodeId, `${state} ${subnets.map(({ cidr }) => cidr).join()}`]),
  );

describe('the view', () => {
  it('shows the other nodes, not this one', () => {
    const view = after(shows(10, [node(1, 5), node(2, 6), node(9, 7, { nodeId: self })]));
    expect(stateOf(view)).toEqual({ n1: 'present 10.64.1.0/24', n2: 'present 10.64.2.0/24' });
    expect(view.revision).toBe(10);
  });

  it('keeps a node that is merely missing, and raises an alarm once', () => {
    const view = after(shows(10, [node(1, 5), node(2, 6)]));
    const plan = planView(view, shows(11, [node(1, 5)]), self);
    expect(stateOf(plan.view)).toEqual({ n1: 'present 10.64.1.0/24', n2: 'unaccounted 10.64.2.0/24' });
    expect(plan.alarms).toEqual([{ kind: 'unaccounted', nodeId: 'n2' }]);
    expect(planView(plan.view, shows(12, [node(1, 5)]), self).alarms).toEqual([]);
  });

  it('lets a node go for its tombstone, and names its key as departed', () => {
    const view = after(shows(10, [node(1, 5)]), shows(11, [], { gone: [tombstone(node(1, 5), 11)] }));
    expect(view.nodes).toEqual([]);
    expect(view.departed).toEqual(['key-1']);
  });

  it('takes up the key of a tombstone once: it may be forgotten, until the store goes back', () => {
    const gone = [tombstone(node(1, 5), 11)];
    const view = after(shows(11, [], { gone }));
    expect(view.departed).toEqual(['key-1']);
    const forgotten = { ...view, departed: [] };
    expect(planView(forgotten, shows(12, [], { gone }), self).view.departed).toEqual([]);
    expect(planView(forgotten, shows(10, [], { gone: [tombstone(node(1, 5), 9)] }), self).view.departed).toEqual([
      'key-1',
    ]);
  });

  it('is not moved by the tombstone of an earlier life', () => {
    const view = after(shows(30, [node(1, 20)]), shows(31, [], { gone: [tombstone(node(1, 5), 11)] }));
    expect(stateOf(view)).toEqual({ n1: 'unaccounted 10.64.1.0/24' });
  });

  it('lets a subnet go for its tombstone or a newer grant, and for nothing else', () => {
    const two = node(1, 5, { subnets: [...node(1, 5).subnets, ...node(3, 5).subnets, ...node(4, 5).subnets] });
    const gone = [tombstone(node(3, 0, { nodeId: 'n1' }), 12, { kind: 'subnet', why: 'released' })];
    const taker = node(4, 12, { subnets: [{ cidr: '10.64.4.0/24', grantId: 'newer' }] });
    const view = after(shows(10, [two]), shows(12, [taker], { gone }));
    expect(stateOf(view)).toEqual({ n1: 'unaccounted 10.64.1.0/24', n4: 'present 10.64.4.0/24' });
  });

  it('keeps a subnet that vanished from a record without a cause, marks it, and raises an alarm once', () => {
    const two = node(1, 5, { subnets: [...node(1, 5).subnets, ...node(3, 5).subnets] });
    const { view, alarms } = planView(after(shows(10, [two])), shows(11, [node(1, 11)]), self);
    expect(stateOf(view)).toEqual({ n1: 'present 10.64.1.0/24,10.64.3.0/24' });
    expect(view.nodes[0]?.subnets.map(({ isUnaccounted }) => isUnaccounted)).toEqual([undefined, true]);
    expect(alarms).toEqual([{ kind: 'subnet-unaccounted', nodeId: 'n1', cidr: '10.64.3.0/24' }]);
    const later = planView(view, shows(12, [node(1, 12)]), self);
    expect(later.alarms).toEqual([]);
    expect(later.view.nodes[0]?.subnets).toEqual(view.nodes[0]?.subnets);
    const again = planView(later.view, shows(13, [{ ...two, modRevision: 13 }]), self);
    expect(again.view.nodes[0]?.subnets).toEqual(two.subnets);
  });

  it('believes a record that lacks only what vanished from it when the store goes back, and doubts one that has it again', () => {
    const two = node(1, 5, { subnets: [...node(1, 5).subnets, ...node(3, 5).subnets] });
    const known = after(shows(10, [two]), shows(100, [node(1, 12)]));
    const back = planView(known, shows(50, [node(1, 12)]), self);
    expect(stateOf(back.view)).toEqual({ n1: 'present 10.64.1.0/24,10.64.3.0/24' });
    expect(back.alarms.map(({ kind }) => kind)).toEqual(['store-went-back']);
    expect(stateOf(planView(known, shows(11, [two]), self).view)).toEqual({
      n1: 'unaccounted 10.64.1.0/24,10.64.3.0/24',
    });
  });

  it('leaves a vanished subnet to whoever is shown with it, also when the record that it vanished from is newer', () => {
    const two = node(1, 5, { subnets: [...node(1, 5).subnets, ...node(3, 5).subnets] });
    const heir = node(2, 9, { subnets: node(3, 0).subnets.map(({ cidr }) => ({ cidr, grantId: 'heir' })) });
    expect(stateOf(after(shows(10, [two]), shows(12, [node(1, 12), heir])))).toEqual({
      n1: 'present 10.64.1.0/24',
      n2: 'present 10.64.3.0/24',
    });
  });

  it('takes a new key and new endpoints of a node, and names the old key as departed', () => {
    const view = after(
      shows(10, [node(1, 5)]),
      shows(11, [node(1, 11, { publicKey: 'new', endpoints: ['192.0.2.9:1'] })]),
    );
    expect(view.nodes[0]).toMatchObject({ publicKey: 'new', endpoints: ['192.0.2.9:1'] });
    expect(view.departed).toEqual(['key-1']);
  });

  it('keeps the last good state of a node whose record cannot be read', () => {
    const view = after(shows(10, [node(1, 5)]), shows(11, [], { quarantined: ['k'], quarantinedNodes: ['n1'] }));
    expect(stateOf(view)).toEqual({ n1: 'quarantined 10.64.1.0/24' });
  });

  it('refuses another network whole', () => {
    const view = after(shows(10, [node(1, 5)]));
    const foreign = shows(11, [node(2, 11)], { network: { ...network, networkId: 'b'.repeat(32) } });
    expect(planView(view, foreign, self)).toEqual({
      view,
      alarms: [{ kind: 'network-foreign', networkId: 'b'.repeat(32) }],
    });
  });

  it('keeps everything when the store was emptied, and believes it again node by node', () => {
    const full = after(shows(100, [node(1, 50), node(2, 60)]));
    const emptied = planView(full, shows(2, [], { network: undefined }), self);
    expect(emptied.view.network).toEqual(network);
    expect(stateOf(emptied.view)).toEqual({ n1: 'unaccounted 10.64.1.0/24', n2: 'unaccounted 10.64.2.0/24' });
    expect(emptied.alarms.map(({ kind }) => kind)).toEqual([
      'network-absent',
      'store-went-back',
      'unaccounted',
      'unaccounted',
    ]);
    const back = planView(emptied.view, shows(4, [node(1, 4)]), self).view;
    expect(stateOf(back)).toEqual({ n1: 'present 10.64.1.0/24', n2: 'unaccounted 10.64.2.0/24' });
    const deleted = planView(back, shows(6, [node(1, 4)], { gone: [tombstone(node(2, 0), 6)] }), self).view;
    expect(stateOf(deleted)).toEqual({ n1: 'present 10.64.1.0/24' });
  });

  it('does not believe the older records of a store that was restored, until they are written again', () => {
    const newer = node(1, 90, { publicKey: 'newer', subnets: [{ cidr: '10.64.1.0/24', grantId: 'newer' }] });
    const heir = node(2, 95, { subnets: [{ cidr: '10.64.3.0/24', grantId: 'heir' }] });
    const full = after(shows(100, [newer, heir]));
    const old = [node(1, 40), node(3, 41)];
    const restored = after(shows(100, [newer, heir]), shows(50, old));
    expect(restored.nodes.find(({ nodeId }) => nodeId === 'n1')).toMatchObject({
      publicKey: 'newer',
      state: 'unaccounted',
    });
    expect(stateOf(restored)).toEqual({
      n1: 'unaccounted 10.64.1.0/24',
      n2: 'unaccounted 10.64.3.0/24',
      n3: 'unaccounted ',
    });
    const settled = planView(
      restored,
      shows(55, [{ ...newer, modRevision: 54 }, { ...heir, modRevision: 55 }, node(3, 41)]),
      self,
    ).view;
    expect(stateOf(settled)).toEqual({ n1: 'present 10.64.1.0/24', n2: 'present 10.64.3.0/24', n3: 'unaccounted ' });
    expect(settled.nodes[0]?.publicKey).toBe('newer');
    expect(full.departed).toEqual([]);
  });
});

describe("this node's own grants", () => {
  const holding: ClusterView = {
    ...emptyView,
    ...{
      network,
      revision: 20,
      grants: [{ cidr: '10.64.9.0/24', grantId: 'own' }],
      grantsRevision: 20,
      hasJoined: true,
    },
  };
  const own = node(9, 0, { nodeId: self, subnets: holding.grants });

  it('stay when the store shows nothing of this node', () => {
    expect(planView(holding, shows(21, []), self).view.grants).toEqual(holding.grants);
    expect(planView(holding, shows(3, []), self).view.grants).toEqual(holding.grants);
  });

  it('go for a tombstone, and the alarm says why', () => {
    const plan = planView(holding, shows(22, [], { gone: [tombstone(own, 22)] }), self);
    expect(plan.view.grants).toEqual([]);
    expect(plan.alarms).toContainEqual({ kind: 'grant-lost', cidr: '10.64.9.0/24', why: 'its tombstone' });
  });

  it('outlive a tombstone from before they were given again', () => {
    expect(planView(holding, shows(22, [], { gone: [tombstone(own, 12)] }), self).view.grants).toEqual(holding.grants);
  });

  it('go for a newer grant to another node, not for an older one that a restored store shows', () => {
    const rival = (revision: number): NodeEntry =>
      node(1, revision, { subnets: [{ cidr: '10.64.9.0/24', grantId: 'theirs' }] });
    expect(planView(holding, shows(22, [rival(21)]), self).view.grants).toEqual([]);
    expect(planView(holding, shows(22, [rival(15)]), self).view.grants).toEqual(holding.grants);
    expect(planView(holding, shows(12, [rival(11)]), self).view.grants).toEqual(holding.grants);
  });

  it('take a subnet from a node that has it in our memory only', () => {
    const two = node(1, 5, { subnets: [...node(1, 5).subnets, { cidr: '10.64.9.0/24', grantId: 'theirs' }] });
    const known = planView({ ...holding, grants: [] }, shows(10, [two]), self).view;
    const ours = { ...known, grants: holding.grants, grantsRevision: 20 };
    expect(stateOf(planView(ours, shows(21, [node(1, 12)]), self).view)).toEqual({ n1: 'present 10.64.1.0/24' });
    expect(stateOf(planView(ours, shows(21, []), self).view)).toEqual({ n1: 'unaccounted 10.64.1.0/24' });
  });

  it('are not lost to a node whose record has ceased to name them', () => {
    const rival = node(1, 5, { subnets: [{ cidr: '10.64.9.0/24', grantId: 'theirs' }] });
    const known = planView(holding, shows(21, [rival]), self).view;
    expect(planView(known, shows(23, [node(1, 22)]), self).view.grants).toEqual(holding.grants);
  });
});
