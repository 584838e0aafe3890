/** A peer of the mesh device as it must be: another node, or a client that dials this one. */
import type { Peer } from '@wgcni/wg';

export interface DesiredPeer extends Omit<Peer, 'endpoint'> {
  /** Best first; none of a client: WireGuard follows where it is. */
  endpoints: readonly string[];
}
