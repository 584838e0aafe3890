/** PURE: the last handshake of each peer, also of one that was written anew since: its device knows of none. */
import type { ObservedPeer } from '@wgcni/wg';
import type { ClusterView } from '../view/cluster-view.ts';

/** By the node, in seconds since the epoch. */
export type Handshakes = ReadonlyMap<string, number>;

/** The peers as seen, those of nodes with the handshake that was seen last. */
export function withHandshakes(
  peers: readonly ObservedPeer[],
  { nodes }: Pick<ClusterView, 'nodes'>,
  handshakes: Handshakes,
): ObservedPeer[] {
  const known = new Map<string, number>(nodes.map(({ publicKey, nodeId }) => [publicKey, handshakes.get(nodeId) ?? 0]));
  return peers.map((peer) =>
    peer.latestHandshakeAt > 0 ? peer : { ...peer, latestHandshakeAt: known.get(peer.publicKey) ?? 0 },
  );
}
