/** Routes that nodes offer into the mesh: an operator approves them, and what is both offered and approved is in effect (decision 0008). */
import type { Route } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { type Cidr, formatCidr, overlaps, parseCidr, specialRangeOf } from '@wgcni/ipam';
import { encodeRecord, type NodeRecord } from '@wgcni/store';
import { liesIn } from '../network/taken-addresses.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';
import { unknownNode } from './leave.ts';
import type { LeaderWriter } from './leader-writer.ts';

/** Every route that is offered or approved, in the order of nodes and routes. */
export function showRoutes(state: ClusterState): Route[] {
  const all = state.nodes.all().flatMap(({ record: { nodeId, offers = [], routes = [] }, item }) =>
    [...new Set([...offers, ...routes])].map((route) => ({
      ...{ nodeId, route, isOffered: offers.includes(route), isApproved: routes.includes(route) },
      revision: item.modRevision,
    })),
  );
  return all.sort((one, other) => (keyOfRoute(one) < keyOfRoute(other) ? -1 : 1));
}

/** By which routes are sorted, and a list goes on. */
export function keyOfRoute({ nodeId, route }: Pick<Route, 'nodeId' | 'route'>): string {
  return `${nodeId} ${route}`;
}

/** Lets a route of a node in, as soon as the node offers it. Throws CatalogueError `node.unknown`, `request.invalid`, `route.overlap`. */
export async function approveRoute(writer: LeaderWriter, nodeId: string, route: Cidr): Promise<Route> {
  const { state } = writer.deps;
  await changeRoutes(writer, nodeId, (routes) => {
    refuseImpossible(state, nodeId, route);
    return [...routes.filter((one) => one !== formatCidr(route)), formatCidr(route)];
  });
  const shown = showRoutes(state).find((one) => one.nodeId === nodeId && one.route === formatCidr(route));
  if (shown !== undefined) return shown;
  throw new CatalogueError('store.conflict', `${formatCidr(route)} of ${nodeId} was withdrawn meanwhile`, {
    remedy: 'look what is approved now, and decide anew',
  });
}

/** Lets a route in no more. One that is not approved is fine. Throws CatalogueError `node.unknown`. */
export async function withdrawRoute(writer: LeaderWriter, nodeId: string, route: Cidr): Promise<void> {
  await changeRoutes(writer, nodeId, (routes) => routes.filter((one) => one !== formatCidr(route)));
}

function changeRoutes(
  writer: LeaderWriter,
  nodeId: string,
  change: (routes: readonly string[]) => string[],
): Promise<void> {
  const { state } = writer.deps;
  return writer.change<void>(async () => {
    const node = nodeOf(state, nodeId);
    const before = node.record.routes ?? [];
    const routes = change(before);
    if ([...routes].sort().join() === [...before].sort().join()) return { result: undefined };
    return {
      transaction: {
        compare: [
          // FENCE: neither the node nor the pools that were looked at have changed; other nodes are changed by this leader alone.
          { key: node.item.key, target: 'mod', equals: node.item.modRevision },
          { key: state.keys.network, target: 'mod', equals: state.network.modRevision(state.keys.network) },
        ],
        then: [{ kind: 'put', key: node.item.key, value: encodeRecord({ ...node.record, routes }, node.item) }],
      },
      result: undefined,
    };
  });
}

function nodeOf(state: ClusterState, nodeId: string): Kept<NodeRecord> {
  const node = state.nodeOf(nodeId);
  if (node === undefined) throw unknownNode(nodeId);
  return node;
}

function refuseImpossible(state: ClusterState, nodeId: string, route: Cidr): void {
  const text = formatCidr(route);
  const special = specialRangeOf(route);
  if (special !== undefined)
    throw new CatalogueError('request.invalid', `route ${text}: the range is ${special}`, {
      field: 'route',
      remedy: 'name a network that packets can be sent to',
    });
  const taken = overlapping(state, nodeId, route);
  if (taken === undefined) return;
  throw new CatalogueError('route.overlap', `route ${text} of ${nodeId} overlaps ${taken}`, {
    field: 'route',
    remedy: 'offer and approve a block that shares no address with it',
  });
}

function overlapping(state: ClusterState, nodeId: string, route: Cidr): string | undefined {
  const { pools, clientPools = [] } = state.theNetwork().record;
  const isHit = (text: string): boolean => overlaps(parseCidr(text), route);
  const [taken] = [
    ...pools.filter(({ cidr }) => isHit(cidr)).map(({ cidr }) => `pool ${cidr}`),
    ...clientPools.filter(isHit).map((cidr) => `client pool ${cidr}`),
    ...state.replicas
      .all()
      .flatMap(({ record: { url } }) => (isAt(url, route) ? [`the cluster-manager at ${url}`] : [])),
    ...state.nodes.all().flatMap(({ record }) => [
      // The mesh must not carry the packets of its own tunnels.
      ...record.endpoints.filter((one) => liesIn(one, route)).map((one) => `the endpoint ${one} of ${record.nodeId}`),
      ...(record.nodeId === nodeId ? [] : (record.routes ?? []).filter(isHit)).map(
        (one) => `the route ${one} of ${record.nodeId}`,
      ),
    ]),
  ];
  return taken;
}

/** The control plane is reached over the underlay, never through the mesh. */
function isAt(url: string, route: Cidr): boolean {
  const { hostname, port } = new URL(url);
  return liesIn(`${hostname}:${port || '443'}`, route);
}
