/** PURE: what a container's device holds of its direct peers, read from it or known from what was written. */
import { applyPeerChanges, type ObservedPeer, type Peer, type PeerChange, type PublicKey } from '@wgcni/wg';

/** Without allowed IPs the two know each other, and everything goes by the node still. */
export interface HeldPeer extends Peer {
  /** Whether there was a handshake. */
  isMet: boolean;
  /** When the latest was, in seconds since the epoch by this machine's clock. */
  metAtSec: number;
  heardBytes: number;
}

export type HeldPeers = ReadonlyMap<PublicKey, HeldPeer>;

/** Every peer of a container's device but the node: nobody else has reason to configure it. */
export function heldPeersOf(peers: readonly ObservedPeer[], node: PublicKey): HeldPeers {
  const others = peers.filter(({ publicKey }) => publicKey !== node);
  return byKey(others.map(heldPeerOf));
}

/** What is held after changes. */
export function afterChanges(held: HeldPeers, changes: readonly PeerChange[]): HeldPeers {
  return byKey(
    applyPeerChanges([...held.values()], changes, (peer): HeldPeer => ({
      ...peer,
      isMet: false,
      metAtSec: 0,
      heardBytes: 0,
    })),
  );
}

function heldPeerOf({ latestHandshakeAt: metAtSec, receivedBytes: heardBytes, ...peer }: ObservedPeer): HeldPeer {
  const { publicKey, endpoint, allowedIps, keepaliveSec } = peer;
  return { publicKey, endpoint, allowedIps, keepaliveSec, isMet: metAtSec > 0, metAtSec, heardBytes };
}

function byKey(peers: readonly HeldPeer[]): HeldPeers {
  return new Map(peers.map((peer) => [peer.publicKey, peer]));
}
