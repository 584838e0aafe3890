/** PURE: what to change on the pods device, by delta; a peer that is right is not touched, an unknown one is adopted. */
import { type ObservedPeer, type Peer, type PeerChange, planPeers, type PublicKey } from '@wgcni/wg';

export interface DesiredPeer extends Peer {
  /** Whether the other side may move: then an endpoint that it was seen at is left alone. */
  roams: boolean;
  /** Who it is, for people. */
  label?: string;
}

export interface PodsDesired {
  peers: readonly DesiredPeer[];
  /** On their way out by another hand: neither restored, adopted nor removed here. */
  leaving: ReadonlySet<PublicKey>;
  /** Recorded, but of a subnet that the node lost: the readable cause to remove them. */
  withdrawn: ReadonlySet<PublicKey>;
}

export interface PodsPlan {
  changes: PeerChange[];
  /** Peers without a record that hold addresses of their own (design §4.7). */
  adopt: ObservedPeer[];
}

/**
 * The plan from `observed`, which must have been read before `desired`, so that the peer of an ADD in flight is always known.
 * A peer goes only when it is withdrawn, or when recorded peers hold all of its addresses (a replaced key).
 * What is in `foreign` was put there by somebody else while this process was the device's only writer: it goes too.
 */
export function planPods(
  desired: PodsDesired,
  observed: readonly ObservedPeer[],
  foreign: ReadonlySet<PublicKey> = new Set(),
): PodsPlan {
  const wanted = new Set(desired.peers.map(({ publicKey }) => publicKey));
  const held = new Set(desired.peers.flatMap(({ allowedIps }) => allowedIps));
  const unknown = observed.filter(({ publicKey }) => !wanted.has(publicKey) && !desired.leaving.has(publicKey));
  const mayGo = ({ publicKey, allowedIps }: ObservedPeer): boolean =>
    desired.withdrawn.has(publicKey) || foreign.has(publicKey) || allowedIps.every((cidr) => held.has(cidr));
  return {
    changes: planPeers({
      desired: desired.peers.map(configOf),
      observed,
      lastAppliedEndpoints: settledEndpoints(desired.peers, observed),
      removable: new Set(unknown.filter(mayGo).map(({ publicKey }) => publicKey)),
    }),
    adopt: unknown.filter((peer) => !mayGo(peer)),
  };
}

/** A desired peer as it is configured. */
export function configOf({ publicKey, endpoint, allowedIps, keepaliveSec }: DesiredPeer): Peer {
  return { publicKey, endpoint, allowedIps, keepaliveSec };
}

/** Endpoints not to write again: those of peers that roam and are somewhere. */
function settledEndpoints(peers: readonly DesiredPeer[], observed: readonly ObservedPeer[]): Map<PublicKey, string> {
  const placed = new Set(observed.filter(({ endpoint }) => endpoint !== undefined).map(({ publicKey }) => publicKey));
  const settled = peers.filter(({ roams, publicKey }) => roams && placed.has(publicKey));
  return new Map(settled.flatMap(({ publicKey, endpoint }) => (endpoint === undefined ? [] : [[publicKey, endpoint]])));
}
