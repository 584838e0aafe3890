/** What clients add to the mesh: peers of their own here, or addresses at the node that they dial. */
import { describe, expect, it } from 'vitest';
import { type ClusterView, emptyView, type KnownClient, type KnownNode } from '../view/cluster-view.ts';
import { desiredMesh } from './desired-mesh.ts';

const node = (id: number): KnownNode => ({
  ...{ nodeId: `n${id}`, publicKey: `node-${id}`, endpoints: [`192.0.2.${id}:51820`], modRevision: 7 },
  ...{ subnets: [{ cidr: `10.64.${id}.0/24`, grantId: `g${id}` }], state: 'present' },
});
const client = (change: Partial<KnownClient> = {}): KnownClient => ({
  ...{ name: 'laptop', publicKey: 'laptop', addresses: ['fd80::5', '10.80.0.5'], via: null },
  ...{ reachable: false, modRevision: 8, state: 'present', ...change },
});
const view = (...clients: KnownClient[]): ClusterView => ({
  ...emptyView,
  network: {
    ...{ networkId: 'net', mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 60 },
    ...{ pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }], clientPools: ['10.80.0.0/24', 'fd80::/64'] },
  },
  nodes: [node(2), node(3)],
  clients,
  grants: [{ cidr: '10.64.1.0/24', grantId: 'g1' }],
  hasJoined: true,
});
const peersOf = (of: ClusterView) =>
  Object.fromEntries((desiredMesh(of)?.peers ?? []).map((peer) => [peer.publicKey, peer]));

describe('a client in the desired mesh', () => {
  it('is a peer with exactly its addresses, no endpoint and no keepalive', () => {
    expect(peersOf(view(client()))['laptop']).toEqual({
      ...{ publicKey: 'laptop', endpoints: [], allowedIps: ['10.80.0.5/32', 'fd80::5/128'], keepaliveSec: 0 },
    });
    expect(desiredMesh(view(client()))?.clientPools).toEqual(['10.80.0.0/24', 'fd80::/64']);
  });

  it('that dials another node is allowed on the peer of that node, and has left as a peer of this one', () => {
    const behind = view(client({ via: 'n2' }));
    const peers = peersOf(behind);
    expect([peers['node-2']?.allowedIps, peers['node-3']?.allowedIps, peers['laptop']]).toEqual([
      ['10.64.2.0/24', '10.80.0.5/32', 'fd80::5/128'],
      ['10.64.3.0/24'],
      undefined,
    ]);
    expect([...(desiredMesh(behind)?.departed ?? [])]).toEqual(['laptop']);
  });

  it('that dials a node which is not known is nowhere', () => {
    const peers = peersOf(view(client({ via: 'n9' })));
    expect(Object.keys(peers)).toEqual(['node-2', 'node-3']);
    expect(Object.values(peers).flatMap(({ allowedIps }) => allowedIps)).toEqual(['10.64.2.0/24', '10.64.3.0/24']);
  });

  it('that was cut off before the store went back has neither a peer nor an address', () => {
    const barred = { state: 'unaccounted', doubtedRevision: 8 } as const;
    for (const via of [null, 'n2']) {
      const mesh = desiredMesh({ ...view(client({ ...barred, via })), departed: ['laptop'] });
      expect(mesh?.peers.flatMap(({ allowedIps }) => allowedIps)).toEqual(['10.64.2.0/24', '10.64.3.0/24']);
      expect([...(mesh?.departed ?? [])]).toEqual(['laptop']);
    }
  });

  it('leaves a node that lost everything, as every other peer does', () => {
    const mesh = desiredMesh({ ...view(client()), grants: [] });
    expect([mesh?.peers, [...(mesh?.departed ?? [])]]).toEqual([[], ['node-2', 'node-3', 'laptop']]);
  });
});
