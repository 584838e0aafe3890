/** PURE: which blocks of addresses the mesh carries, and who has them. */
import { tryParseCidr, type Cidr } from '@wgcni/ipam';
import type { NodeRecord } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';

/** The blocks that clients get their addresses from, at most one of each family. Throws CatalogueError `network.absent`. */
export function clientPoolsOf(state: ClusterState): Cidr[] {
  return readable(state.theNetwork().record.clientPools ?? []);
}

/** What a node has: its subnets, and what it offers and an operator has approved. */
export function blocksOfNode({ subnets, offers = [], routes = [] }: NodeRecord): Cidr[] {
  const approved = offers.filter((route) => routes.includes(route));
  return readable([...subnets.map(({ cidr }) => cidr), ...approved]);
}

/** All that is in the mesh beside clients: the pools, whoever has their subnets now, and approved routes. */
export function blocksOfMesh(state: ClusterState): Cidr[] {
  const pools = readable(state.theNetwork().record.pools.map(({ cidr }) => cidr));
  return [...pools, ...state.nodes.all().flatMap(({ record }) => blocksOfNode(record))];
}

/** What one record says wrongly must not keep every client from its configuration. */
function readable(texts: readonly string[]): Cidr[] {
  return texts.flatMap((text) => tryParseCidr(text) ?? []);
}
