/** PURE: what of the cluster stands outside its pools, and must not come to lie inside one: nodes' endpoints and approved routes. */
import { CatalogueError } from '@wgcni/base';
import { type Cidr, cidrOf, formatCidr, overlaps, parseCidr, tryParseAddress, widthOf } from '@wgcni/ipam';
import type { ClusterState } from '../state/cluster-state.ts';

/** Throws CatalogueError `pool.overlap`, naming node and address, when `cidr` shares one with an endpoint or an approved route. */
export function refuseTaken(state: ClusterState, cidr: Cidr, field: string): void {
  const [taken] = state.nodes
    .all()
    .flatMap(({ record: { nodeId, endpoints, routes = [] } }) => [
      ...endpoints.filter((text) => liesIn(text, cidr)).map((text) => `the endpoint ${text} of ${nodeId}`),
      ...routes.filter((text) => overlaps(parseCidr(text), cidr)).map((text) => `the route ${text} of ${nodeId}`),
    ]);
  if (taken === undefined) return;
  throw new CatalogueError('pool.overlap', `${field} ${formatCidr(cidr)} overlaps ${taken}`, {
    field,
    remedy: 'choose a range that shares no address with the underlay and the routes that nodes offer',
  });
}

/** Whether the address of an endpoint is one of the block. */
export function liesIn(endpoint: string, cidr: Cidr): boolean {
  const match = /^\[?([^\]]+?)\]?:[0-9]+$/.exec(endpoint);
  const address = tryParseAddress(match?.[1] ?? '');
  return address !== undefined && overlaps(cidrOf(address, widthOf(address.family)), cidr);
}
