/** PURE: how the tunnels to other nodes are, by what their peers on the mesh device show. */
import type { ObservedPeer } from '@wgcni/wg';
import type { KnownNode } from '../view/cluster-view.ts';

export interface SeenTunnel {
  nodeId: string;
  state: 'up' | 'broken' | 'unknown';
  /** Why it is not up. */
  cause: string;
}

type Seen = Omit<SeenTunnel, 'nodeId'>;

/** WireGuard shakes hands anew each two minutes while anything is sent, and gives a session up after three: in seconds. */
const sessionSec = 180;

/** One of each node; `observed` is undefined when the device could not be looked at. `wallMs` is now. */
export function seenTunnels(
  nodes: readonly Pick<KnownNode, 'nodeId' | 'publicKey'>[],
  observed: readonly ObservedPeer[] | undefined,
  wallMs: number,
): SeenTunnel[] {
  const peers = new Map<string, ObservedPeer>(observed?.map((peer) => [peer.publicKey, peer]));
  const unseen: Seen = { state: 'unknown', cause: 'the mesh device could not be looked at' };
  return nodes.map(({ nodeId, publicKey }) => ({
    nodeId,
    ...(observed === undefined ? unseen : tunnelState(peers.get(publicKey), wallMs)),
  }));
}

/** A peer that is asked by keepalives has shaken hands lately, or nothing comes through; of one that is not, silence tells nothing. `wallMs` is now. */
export function tunnelState(peer: ObservedPeer | undefined, wallMs: number): Seen {
  if (peer === undefined) return { state: 'broken', cause: 'the node is no peer of the mesh device' };
  const at = peer.latestHandshakeAt;
  const ageSec = Math.max(0, wallMs / 1_000 - at);
  if (at > 0 && ageSec <= sessionSec) return { state: 'up', cause: '' };
  if (peer.keepaliveSec === 0) return { state: 'unknown', cause: 'nothing was sent lately, and no keepalive asks' };
  if (at === 0) return { state: 'unknown', cause: 'no handshake yet' };
  return { state: 'broken', cause: 'no handshake for more than three minutes, though keepalives ask for one' };
}
