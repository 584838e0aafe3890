/** PURE: which tunnels there are, and where each is asked: at the other node's own address inside. */
import { formatAddress, gatewayOf, tryParseCidr } from '@wgcni/ipam';
import type { ObservedPeer, PublicKey } from '@wgcni/wg';
import type { ClusterView, KnownNode } from '../view/cluster-view.ts';

export interface TunnelTarget {
  nodeId: string;
  publicKey: PublicKey;
  /** The first address of its first subnet, which the node itself has. */
  address: string;
  endpoint: string | undefined;
  receivedBytes: number;
  /** Seconds since the epoch; 0 when there was none. */
  latestHandshakeAt: number;
  isUnaccounted: boolean;
}

type Known = Pick<ClusterView, 'nodes' | 'grants'>;

/** The nodes that hold a subnet, while this node does: there is a tunnel to each of them, whether the device has its peer now or not. */
export function tunnelNodes({ nodes, grants }: Known): KnownNode[] {
  return grants.length === 0 ? [] : nodes.filter(({ subnets }) => gatewayOfFirst(subnets) !== undefined);
}

/** Those of them that are peers. */
export function tunnelTargets(known: Known, peers: readonly ObservedPeer[]): TunnelTarget[] {
  const seen = new Map<string, ObservedPeer>(peers.map((peer) => [peer.publicKey, peer]));
  return tunnelNodes(known).flatMap(({ nodeId, publicKey, subnets, state }): TunnelTarget[] => {
    const peer = seen.get(publicKey);
    const address = gatewayOfFirst(subnets);
    if (peer === undefined || address === undefined) return [];
    const { endpoint, receivedBytes, latestHandshakeAt } = peer;
    return [
      {
        ...{ nodeId, publicKey: peer.publicKey, address, endpoint },
        ...{ receivedBytes, latestHandshakeAt, isUnaccounted: state === 'unaccounted' },
      },
    ];
  });
}

function gatewayOfFirst(subnets: KnownNode['subnets']): string | undefined {
  const subnet = tryParseCidr(subnets[0]?.cidr ?? '');
  return subnet === undefined ? undefined : formatAddress(gatewayOf(subnet));
}
