/** PURE: what the mesh device and its routes must be, from the view. */
import { type Family, formatAddress, gatewayOf, parseCidr } from '@wgcni/ipam';
import { tryParseEndpoint, type PublicKey } from '@wgcni/wg';
import type { ClusterView, KnownNode } from '../view/cluster-view.ts';
import type { DesiredPeer } from './desired-peer.ts';
import { placeClients } from './place-clients.ts';

export interface DesiredMesh {
  mtu: number;
  peers: readonly DesiredPeer[];
  /** Keys that left for a readable cause. */
  departed: ReadonlySet<PublicKey>;
  /** Canonical CIDRs of the pools: unreachable where nothing better is known. */
  pools: readonly string[];
  /** The same of the client pools, each of which is routed into the mesh as a whole. */
  clientPools: readonly string[];
  /** What other nodes offer into the mesh: as much out of reach as a pool when they are. */
  routes: readonly string[];
  /** This node's own address in each family, that the host speaks from. */
  gateways: ReadonlyMap<Family, string>;
  /** This node's own subnets: routes to them are the pods device's. */
  ownSubnets: readonly string[];
}

/** Undefined when there is nothing to work by: before the node ever held a grant nothing of the kernel is touched. */
export function desiredMesh(view: ClusterView): DesiredMesh | undefined {
  const { network, hasJoined, grants, refused, departed } = view;
  if (network === null || !hasJoined) return undefined;
  const own = grants.filter(({ cidr }) => !refused.some((one) => one.cidr === cidr)).map(({ cidr }) => cidr);
  const hasEvacuated = grants.length === 0;
  const gateways = new Map<Family, string>();
  for (const cidr of own.map((text) => parseCidr(text))) {
    if (!gateways.has(cidr.family)) gateways.set(cidr.family, formatAddress(gatewayOf(cidr)));
  }
  const clients = placeClients(view);
  const everyKey = [...view.nodes, ...(view.clients ?? [])].map(({ publicKey }) => publicKey);
  return {
    mtu: network.mtu,
    peers: hasEvacuated
      ? []
      : [
          ...view.nodes.map((node) => peerOf(node, network.keepaliveSec, clients.behind.get(node.nodeId) ?? [])),
          ...clients.here,
        ],
    // A node that lost everything has a readable cause to let every peer go (design §5, evacuation).
    departed: new Set([...departed, ...clients.elsewhere, ...(hasEvacuated ? everyKey : [])] as PublicKey[]),
    pools: network.pools.map(({ cidr }) => cidr),
    clientPools: network.clientPools ?? [],
    routes: hasEvacuated ? [] : view.nodes.flatMap(({ routes = [] }) => routes),
    gateways,
    ownSubnets: own,
  };
}

function peerOf(
  { publicKey, endpoints, subnets, routes = [] }: KnownNode,
  keepaliveSec: number,
  clientAddresses: readonly string[],
): DesiredPeer {
  return {
    publicKey: publicKey as PublicKey,
    endpoints: endpoints.filter((text) => tryParseEndpoint(text) !== undefined),
    allowedIps: [...subnets.map(({ cidr }) => cidr), ...routes, ...clientAddresses].sort(),
    keepaliveSec,
  };
}
