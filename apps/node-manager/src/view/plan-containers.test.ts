/** Other nodes' containers in the view: a newer record or the end of their node takes one away, and nothing else does; who they are is held to their node. */
import { keysOf, type StoredKey } from '@wgcni/store';
import { describe, expect, it } from 'vitest';
import { farContainers, farSources } from '../direct/far-containers.ts';
import { type ClusterView, emptyView } from './cluster-view.ts';
import { concernsOf } from './concerns.ts';
import { planView } from './plan-view.ts';
import { readSnapshot } from './read-snapshot.ts';

const keys = keysOf('c');
const keyOf = (name: string): string => Buffer.alloc(32, name).toString('base64');
const item = (key: string, record: object, modRevision: number): StoredKey => ({
  ...{ key, value: JSON.stringify({ schema: 1, ...record }), createRevision: 1, modRevision, lease: '0' },
});
const network = (direct = 'cluster'): StoredKey =>
  item(
    keys.network,
    {
      ...{ networkId: 'a'.repeat(32), mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 60, direct },
      pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
    },
    2,
  );
const node = (id: number, change: object = {}, modRevision = 5): StoredKey => {
  const subnets = [{ cidr: `10.64.${id}.0/24`, grantId: `g${id}` }];
  const record = { nodeId: `n${id}`, publicKey: keyOf(`n${id}`), endpoints: [`192.0.2.${id}:51820`], subnets };
  return item(keys.node(`n${id}`), { ...record, draining: false, ...change }, modRevision);
};
const container = (name: string, address: string) => ({ publicKey: keyOf(name), port: 61_000, addresses: [address] });
const published = (id: number, containers: object[], modRevision = 6): StoredKey =>
  item(keys.containersOf(`n${id}`), { nodeId: `n${id}`, containers }, modRevision);
const tombstone = (id: number, modRevision: number): StoredKey =>
  item(
    keys.goneEntry('node', `n${id}`),
    {
      ...{ kind: 'node', id: `n${id}`, why: 'deleted', nodeId: `n${id}`, publicKey: keyOf(`n${id}`), at: '' },
      subnets: [],
    },
    modRevision,
  );
const after = (last: ClusterView, revision: number, ...items: StoredKey[]): ClusterView =>
  planView(last, readSnapshot(items, revision, keys), 'n1').view;
const far = (view: ClusterView) =>
  farContainers(view).map(({ publicKey, endpoint, allowedIps }) => [publicKey, endpoint, ...allowedIps]);
const [a, b] = [container('a', '10.64.2.2'), container('b', '10.64.2.3')];
const shown = after(emptyView, 10, network(), node(1), node(2), published(2, [a, b]));
const asPeers = [
  [a.publicKey, '192.0.2.2:61000', '10.64.2.2/32'],
  [b.publicKey, '192.0.2.2:61000', '10.64.2.3/32'],
];

describe("other nodes' containers", () => {
  it('are at the endpoint of their node, with their own port and exactly their addresses', () => {
    expect(far(shown)).toEqual(asPeers);
    const dialled = new Map([[keyOf('n2'), '[2001:db8::2]:51820']]);
    expect(farContainers(shown, dialled)[0]?.endpoint).toBe('[2001:db8::2]:61000');
  });

  it('go by a newer record that lists them no more, and by the tombstone of their node', () => {
    expect(far(after(shown, 11, network(), node(1), node(2), published(2, [b], 11)))).toEqual([asPeers[1]]);
    expect(far(after(shown, 11, network(), node(1), node(2), published(2, [], 11)))).toEqual([]);
    expect(after(shown, 11, network(), node(1), tombstone(2, 11)).containers).toBeUndefined();
  });

  it('stay while the record, or that of their node, is merely missing or cannot be read', () => {
    expect(far(after(shown, 11, network(), node(1), node(2)))).toEqual(asPeers);
    expect(far(after(shown, 11, network(), node(1)))).toEqual(asPeers);
    for (const broken of [
      { nodeId: 'n3', containers: [] },
      { nodeId: 'n2' },
      { nodeId: 'n2', containers: [{ ...a, addresses: ['10.64.02.2'] }] },
    ]) {
      const view = after(shown, 11, network(), node(1), node(2), item(keys.containersOf('n2'), broken, 11));
      expect(far(view)).toEqual(asPeers);
    }
  });

  it('are as they were when the store goes back, until their node writes them again', () => {
    const newer = after(shown, 20, network(), node(1), node(2), published(2, [b], 20));
    const back = after(newer, 12, network(), node(1), node(2), published(2, [a, b], 6));
    expect(far(back)).toEqual([asPeers[1]]);
    expect(far(after(back, 13, network(), node(1), node(2), published(2, [a, b], 6)))).toEqual([asPeers[1]]);
    expect(far(after(back, 14, network(), node(1), node(2), published(2, [a], 14)))).toEqual([asPeers[0]]);
  });

  it('are nobody with an address of another node, with a key that two nodes name, or of this node itself', () => {
    const astray = published(2, [container('c', '10.64.3.2'), b]);
    expect(far(after(emptyView, 10, network(), node(1), node(2), astray))).toEqual([asPeers[1]]);
    const twins = [node(3), published(3, [{ ...a, addresses: ['10.64.3.2'] }])];
    expect(far(after(emptyView, 10, network(), node(1), node(2), published(2, [a, b]), ...twins))).toEqual([
      asPeers[1],
    ]);
    expect(
      after(emptyView, 10, network(), node(1), published(1, [container('d', '10.64.1.2')])).containers,
    ).toBeUndefined();
  });

  it('are nothing where the network does not say so', () => {
    const view = after(shown, 11, network('node'), node(1), node(2), published(2, [a, b]));
    expect([far(view), farSources(view)]).toEqual([[], []]);
  });

  it('are let in from every endpoint of a node that has any, and concern the packet filter and the direct peers', () => {
    const endpoints = ['192.0.2.2:51820', '[2001:db8::2]:51820'];
    const view = after(
      emptyView,
      10,
      network(),
      node(1),
      node(2, { endpoints }),
      node(3),
      published(2, [a]),
      published(3, []),
    );
    expect(farSources(view)).toEqual(['192.0.2.2', '2001:db8::2']);
    const bare = after(emptyView, 10, network(), node(1), node(2), node(3));
    const first = after(bare, 11, network(), node(1), node(2), node(3), published(2, [a], 11));
    expect(concernsOf(bare, first)).toEqual(['host', 'direct']);
    expect(concernsOf(first, after(first, 12, network(), node(1), node(2), node(3), published(2, [a, b], 12)))).toEqual(
      ['direct'],
    );
  });
});
