/** PURE: the peers of the mesh device as metrics, by the name of the node or client rather than by key. */
import type { Reading } from '@wgcni/api/server';
import type { ObservedPeer } from '@wgcni/wg';
import type { ClusterView } from '../view/cluster-view.ts';

export interface PeerReadings {
  /** How many there are of each kind. */
  count: Reading[];
  /** Seconds since the last handshake; none of a peer that never had one. */
  handshakeAge: Reading[];
  received: Reading[];
  sent: Reading[];
}

type Kind = 'node' | 'client' | 'unknown';

/** What the last look saw of each peer; a handshake is as old as it is at `wallMs`. A peer that the view does not know goes by its key. */
export function peerReadings(
  { nodes, clients = [] }: Pick<ClusterView, 'nodes' | 'clients'>,
  peers: readonly ObservedPeer[],
  wallMs: number,
): PeerReadings {
  const known = new Map<string, { peer: string; kind: Kind }>();
  for (const { publicKey, nodeId } of nodes) known.set(publicKey, { peer: nodeId, kind: 'node' });
  for (const { publicKey, name } of clients) known.set(publicKey, { peer: name, kind: 'client' });
  const counts: Record<Kind, number> = { node: 0, client: 0, unknown: 0 };
  const [handshakeAge, received, sent]: [Reading[], Reading[], Reading[]] = [[], [], []];
  for (const { publicKey, latestHandshakeAt, receivedBytes, sentBytes } of peers) {
    const labels = known.get(publicKey) ?? { peer: publicKey, kind: 'unknown' };
    counts[labels.kind] += 1;
    const ageSec = Math.max(0, wallMs / 1_000 - latestHandshakeAt);
    if (latestHandshakeAt > 0) handshakeAge.push({ labels, value: ageSec });
    received.push({ labels, value: receivedBytes });
    sent.push({ labels, value: sentBytes });
  }
  const count = Object.entries(counts).map(([kind, value]): Reading => ({ labels: { kind }, value }));
  return { count, handshakeAge, received, sent };
}
