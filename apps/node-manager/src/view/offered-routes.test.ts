/** Routes that nodes offer, as a node works by them: in effect when approved too, gone when the record says so, kept when it is merely missing. */
import { keysOf, type StoredKey } from '@wgcni/store';
import { describe, expect, it } from 'vitest';
import { desiredMesh } from '../mesh/desired-mesh.ts';
import { type ClusterView, emptyView } from './cluster-view.ts';
import { planView } from './plan-view.ts';
import { readSnapshot } from './read-snapshot.ts';

const keys = keysOf('c');
const [lan, other] = ['192.168.50.0/24', '192.168.60.0/24'];
const item = (key: string, record: object, modRevision: number): StoredKey => ({
  ...{ key, value: JSON.stringify({ schema: 1, ...record }), createRevision: 1, modRevision, lease: '0' },
});
const network = item(
  keys.network,
  {
    ...{ networkId: 'a'.repeat(32), mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 60 },
    pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
  },
  2,
);
const node = (id: number, routes: object, modRevision = 5): StoredKey =>
  item(
    keys.node(`n${id}`),
    {
      ...{ nodeId: `n${id}`, publicKey: Buffer.alloc(32, id).toString('base64'), endpoints: [`192.0.2.${id}:51820`] },
      ...{ subnets: [{ cidr: `10.64.${id}.0/24`, grantId: `g${id}` }], draining: false, ...routes },
    },
    modRevision,
  );
const joined: ClusterView = { ...emptyView, hasJoined: true, grants: [{ cidr: '10.64.1.0/24', grantId: 'g1' }] };
const after = (last: ClusterView, revision: number, ...nodes: StoredKey[]): ClusterView =>
  planView(last, readSnapshot([network, ...nodes], revision, keys), 'n1').view;
const allowed = (view: ClusterView) => desiredMesh(view)?.peers.flatMap(({ allowedIps }) => allowedIps);

describe('the routes that nodes offer', () => {
  it('lead to the peer of the node that offers them once they are approved, and nowhere when it is away', () => {
    const offered = after(joined, 10, node(1, {}), node(2, { offers: [lan, other] }));
    expect(allowed(offered)).toEqual(['10.64.2.0/24']);
    const approved = after(offered, 11, node(1, {}), node(2, { offers: [lan, other], routes: [lan] }, 11));
    expect([allowed(approved), desiredMesh(approved)?.routes]).toEqual([['10.64.2.0/24', lan], [lan]]);
    const notOffered = after(approved, 12, node(1, {}), node(2, { offers: [other], routes: [lan] }, 12));
    expect([allowed(notOffered), desiredMesh(notOffered)?.routes]).toEqual([['10.64.2.0/24'], []]);
  });

  it('stay while the node that offers them is missing without a cause, or its record cannot be read', () => {
    const approved = after(joined, 10, node(1, {}), node(2, { offers: [lan], routes: [lan] }));
    expect(allowed(after(approved, 11, node(1, {})))).toContain(lan);
    expect(allowed(after(approved, 11, node(1, {}), node(2, { offers: ['x'], routes: ['x'] }, 11)))).toContain(lan);
  });

  it('are as they were when the store goes back to an older record', () => {
    const withdrawn = after(joined, 20, node(1, {}), node(2, { offers: [lan], routes: [] }, 20));
    expect(allowed(after(withdrawn, 12, node(1, {}), node(2, { offers: [lan], routes: [lan] }, 11)))).not.toContain(
      lan,
    );
  });

  it('of this node itself are known to it, and are no routes into the mesh', () => {
    const own = after(joined, 10, node(1, { offers: [lan, other], routes: [lan] }));
    expect([own.ownRoutes, allowed(own)]).toEqual([[lan], []]);
    expect(after(own, 11).ownRoutes).toEqual([lan]);
    expect(after(own, 12, node(1, { offers: [lan] }, 12)).ownRoutes).toEqual([]);
  });
});
