/** PURE: the peers of the mesh as the status shows them: what is known of the cluster beside what the device holds. */
import type { NodePeer } from '@wgcni/api';
import type { ObservedPeer } from '@wgcni/wg';
import type { KnownNode } from '../view/cluster-view.ts';

/** Known nodes in the order of their ids, then peers that nobody accounts for. `wallMs` is now. */
export function peerStatus(nodes: readonly KnownNode[], observed: readonly ObservedPeer[], wallMs: number): NodePeer[] {
  const seen = new Map(observed.map((peer) => [peer.publicKey as string, peer]));
  const known = [...nodes]
    .sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1))
    .map((node): NodePeer => {
      const peer = seen.get(node.publicKey);
      seen.delete(node.publicKey);
      const state = peer === undefined ? 'missing' : node.state === 'unaccounted' ? 'unaccounted' : 'programmed';
      const unaccounted = node.subnets
        .filter(({ isUnaccounted }) => isUnaccounted === true || node.state === 'unaccounted')
        .map(({ cidr }) => cidr);
      const named = { nodeId: node.nodeId, publicKey: node.publicKey, state } as const;
      const allowedIps = peer?.allowedIps ?? node.subnets.map(({ cidr }) => cidr);
      return { ...named, ...tunnelOf(peer, wallMs), allowedIps: [...allowedIps], unaccounted };
    });
  const strangers = [...seen.values()].map((peer): NodePeer => {
    const named = { nodeId: null, publicKey: peer.publicKey, state: 'unaccounted' } as const;
    const allowedIps = [...peer.allowedIps];
    return { ...named, ...tunnelOf(peer, wallMs), allowedIps, unaccounted: allowedIps };
  });
  return [...known, ...strangers];
}

/** What the device tells of a tunnel, also where it has none. `wallMs` is now. */
export function tunnelOf(
  peer: ObservedPeer | undefined,
  wallMs: number,
): Pick<NodePeer, 'endpoint' | 'handshakeAgeSec' | 'receivedBytes' | 'sentBytes'> {
  const at = peer?.latestHandshakeAt ?? 0;
  return {
    endpoint: peer?.endpoint ?? null,
    handshakeAgeSec: at === 0 ? null : Math.max(0, Math.round(wallMs / 1_000 - at)),
    receivedBytes: peer?.receivedBytes ?? 0,
    sentBytes: peer?.sentBytes ?? 0,
  };
}
