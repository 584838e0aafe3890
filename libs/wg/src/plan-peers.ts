/** The changes that lead from the observed peers of a device to the desired ones, by delta. */
import { canonicalAllowedIps, holdersOf, sameAllowedIps, settleContested } from './allowed-ips.ts';
import type { PublicKey } from './key.ts';
import type { Peer, PeerChange } from './peer.ts';

export interface PeerPlanInput {
  desired: readonly Peer[];
  observed: readonly Peer[];
  /** The endpoint we last wrote for each peer; WireGuard roams by itself, so what is observed says nothing about what we wrote. */
  lastAppliedEndpoints: ReadonlyMap<PublicKey, string>;
  /** Keys that may go: each has a readable cause. Any other observed peer stays, desired or not. */
  removable: ReadonlySet<PublicKey>;
}

type PeerUpdate = Extract<PeerChange, { kind: 'update' }>;

/**
 * Changes in the order to apply them; empty when nothing differs. A peer without a difference is not named. Blocks that move go to
 * their new peer before they leave the old one, so that none is without a peer in between. Throws CatalogueError
 * `request.invalid` for an allowed IP that is no CIDR.
 */
export function planPeers({ desired, observed, lastAppliedEndpoints, removable }: PeerPlanInput): PeerChange[] {
  const present = new Map(observed.map((peer) => [peer.publicKey, canonical(peer)]));
  const holders = holdersOf([...present.values()]);
  const wanted = settleContested(lastOfEachKey(desired).map(canonical), holders);

  const adds: PeerChange[] = [];
  const updates: PeerUpdate[] = [];
  for (const peer of wanted) {
    const before = present.get(peer.publicKey);
    if (before === undefined) adds.push({ kind: 'add', peer });
    else updates.push(...updateOf(peer, before, lastAppliedEndpoints.get(peer.publicKey)));
  }
  const wantedKeys = new Set(wanted.map((peer) => peer.publicKey));
  // FENCE: absence from `desired` is not a deletion; only a key the caller lists as removable goes (design §4.6).
  const removes = observed
    .filter((peer) => removable.has(peer.publicKey) && !wantedKeys.has(peer.publicKey))
    .map((peer): PeerChange => ({ kind: 'remove', publicKey: peer.publicKey }));

  const gains = (update: PeerUpdate): boolean =>
    update.allowedIps?.some((cidr) => holders.get(cidr) !== update.publicKey) ?? false;
  // ORDER: who gains a block takes it over before its old peer is rewritten or removed.
  return [...adds, ...updates.filter(gains), ...updates.filter((update) => !gains(update)), ...removes];
}

function updateOf(wanted: Peer, before: Peer, lastApplied: string | undefined): PeerUpdate[] {
  const update: PeerUpdate = { kind: 'update', publicKey: wanted.publicKey };
  if (isEndpointDue(wanted, before, lastApplied)) update.endpoint = wanted.endpoint;
  if (!sameAllowedIps(wanted.allowedIps, before.allowedIps)) update.allowedIps = wanted.allowedIps;
  if (wanted.keepaliveSec !== before.keepaliveSec) update.keepaliveSec = wanted.keepaliveSec;
  return Object.keys(update).length > 2 ? [update] : [];
}

function isEndpointDue(
  wanted: Peer,
  before: Peer,
  lastApplied: string | undefined,
): wanted is Peer & { endpoint: string } {
  return wanted.endpoint !== undefined && wanted.endpoint !== lastApplied && wanted.endpoint !== before.endpoint;
}

function canonical(peer: Peer): Peer {
  return { ...peer, allowedIps: canonicalAllowedIps(peer.allowedIps) };
}

function lastOfEachKey(peers: readonly Peer[]): Peer[] {
  return [...new Map(peers.map((peer) => [peer.publicKey, peer])).values()];
}
