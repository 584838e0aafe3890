/** PURE: how the tunnel to another node is, by what its peer on the mesh device shows. */
import type { ObservedPeer } from '@wgcni/wg';

export type TunnelState = { state: 'up' } | { state: 'broken'; cause: string } | { state: 'unknown'; cause: string };

/** WireGuard shakes hands anew each two minutes while anything is sent, and gives a session up after three: in seconds. */
const sessionSec = 180;

/** A peer that is asked by keepalives has shaken hands lately, or nothing comes through; of one that is not, silence tells nothing. `wallMs` is now. */
export function tunnelState(peer: ObservedPeer | undefined, wallMs: number): TunnelState {
  if (peer === undefined) return { state: 'broken', cause: 'the node is no peer of the mesh device' };
  const at = peer.latestHandshakeAt;
  const ageSec = Math.max(0, wallMs / 1_000 - at);
  if (at > 0 && ageSec <= sessionSec) return { state: 'up' };
  if (peer.keepaliveSec === 0) return { state: 'unknown', cause: 'nothing was sent lately, and no keepalive asks' };
  if (at === 0) return { state: 'unknown', cause: 'no handshake yet' };
  return { state: 'broken', cause: 'no handshake for more than three minutes, though keepalives ask for one' };
}
