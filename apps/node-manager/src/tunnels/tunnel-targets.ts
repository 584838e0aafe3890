/** PURE: which tunnels there are, and where each is asked: at the other node's own address inside. */
import { formatAddress, gatewayOf, tryParseCidr } from '@wgcni/ipam';
import type { ObservedPeer, PublicKey } from '@wgcni/wg';
import type { ClusterView } from '../view/cluster-view.ts';

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

/** The nodes that are peers and hold a subnet. */
export function tunnelTargets({ nodes }: Pick<ClusterView, 'nodes'>, peers: readonly ObservedPeer[]): TunnelTarget[] {
  const seen = new Map<string, ObservedPeer>(peers.map((peer) => [peer.publicKey, peer]));
  return nodes.flatMap(({ nodeId, publicKey, subnets, state }): TunnelTarget[] => {
    const peer = seen.get(publicKey);
    const subnet = tryParseCidr(subnets[0]?.cidr ?? '');
    if (peer === undefined || subnet === undefined) return [];
    const { endpoint, receivedBytes, latestHandshakeAt } = peer;
    return [
      {
        ...{ nodeId, publicKey: peer.publicKey, address: formatAddress(gatewayOf(subnet)), endpoint },
        ...{ receivedBytes, latestHandshakeAt, isUnaccounted: state === 'unaccounted' },
      },
    ];
  });
}
