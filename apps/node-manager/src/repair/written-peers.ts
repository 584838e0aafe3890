/** PURE: the peers that this process has written on a device, and what of them is otherwise now: only that is somebody else's doing. */
import {
  applyPeerChanges,
  canonicalAllowedIps,
  type ObservedPeer,
  type Peer,
  type PeerChange,
  type PublicKey,
  sameAllowedIps,
} from '@wgcni/wg';
import type { Repair, Repairs } from './repair.ts';

/** Endpoints are not compared: WireGuard follows where a peer is heard. */
type WrittenPeer = Pick<Peer, 'publicKey' | 'allowedIps' | 'keepaliveSec'>;
/** Undefined before anything was seen or written, and when nobody knows what came of a write. */
export type WrittenPeers = ReadonlyMap<PublicKey, WrittenPeer> | undefined;

export interface ForeignPeers {
  /** Written, and not there any more. */
  missing: ReadonlySet<PublicKey>;
  /** Written otherwise, by what they have now. */
  changed: ReadonlyMap<PublicKey, string>;
  /** There, and not written by us. */
  added: ReadonlyMap<PublicKey, ObservedPeer>;
}

const nothing: ForeignPeers = { missing: new Set(), changed: new Map(), added: new Map() };

export function foreignPeers(written: WrittenPeers, observed: readonly ObservedPeer[]): ForeignPeers {
  if (written === undefined) return nothing;
  const seen = new Map(observed.map((peer) => [peer.publicKey, peer]));
  const changed = new Map<PublicKey, string>();
  for (const [key, wanted] of written) {
    const peer = seen.get(key);
    const words = peer === undefined ? '' : differenceOf(wanted, peer);
    if (words !== '') changed.set(key, words);
  }
  return {
    missing: new Set([...written.keys()].filter((key) => !seen.has(key))),
    changed,
    added: new Map([...seen].filter(([key]) => !written.has(key))),
  };
}

export function isAnyForeign({ missing, changed, added }: ForeignPeers): boolean {
  return missing.size + changed.size + added.size > 0;
}

/**
 * What is written once `changes` are made: what was written before goes on being so while it is there or wanted, and what is wanted and there
 * is as good as written. At first everything that is there counts as ours: an earlier run of this program wrote it.
 */
export function writtenAfter(
  before: WrittenPeers,
  observed: readonly ObservedPeer[],
  changes: readonly PeerChange[],
  wanted: ReadonlySet<PublicKey>,
): Map<PublicKey, WrittenPeer> {
  const seen = new Set(observed.map(({ publicKey }) => publicKey));
  const kept = [...(before?.values() ?? [])].filter(({ publicKey }) => seen.has(publicKey) || wanted.has(publicKey));
  const found = observed.filter(({ publicKey }) =>
    before === undefined ? true : wanted.has(publicKey) && !before.has(publicKey),
  );
  const base = [...kept, ...found].map((peer): Peer => ({ ...peer, endpoint: undefined }));
  return peersByKey(applyPeerChanges(base, changes, (peer) => peer));
}

export function peersByKey(peers: readonly WrittenPeer[]): Map<PublicKey, WrittenPeer> {
  return new Map(peers.map((peer) => [peer.publicKey, peer]));
}

/** What is written once a change of one's own is made, of a device that nobody looked at. */
export function writtenThen(before: WrittenPeers, changes: readonly PeerChange[]): WrittenPeers {
  if (before === undefined) return undefined;
  const base = [...before.values()].map((peer): Peer => ({ ...peer, endpoint: undefined }));
  return peersByKey(applyPeerChanges(base, changes, (peer) => peer));
}

/** Which of the changes mend what somebody else did, said of a device whose peers are called by `nameOf`. */
export function peerRepairs(
  { missing, changed, added }: ForeignPeers,
  changes: readonly PeerChange[],
  { device, nameOf }: { device: string; nameOf: (key: PublicKey) => string | undefined },
): Repairs<PeerChange> {
  const repairs = new Map<PeerChange, Repair>();
  for (const change of changes) {
    const key = change.kind === 'add' ? change.peer.publicKey : change.publicKey;
    const subject = `peer ${nameOf(key) ?? key} of ${device}`;
    const say = (kind: Repair['kind'], message: string): void =>
      void repairs.set(change, { kind, subject, message, group: `peers of ${device}` });
    const stranger = added.get(key);
    const difference = changed.get(key);
    if (change.kind === 'add' && missing.has(key)) say('repair.peer-restored', 'was taken off, and is there again');
    else if (change.kind === 'remove' && stranger !== undefined)
      say('repair.peer-removed', `was put there by somebody else, ${placeOf(stranger)}, and is gone again`);
    else if (change.kind === 'update' && difference !== undefined && isMore(change))
      say('repair.peer-corrected', `${difference}; it is as it was again`);
  }
  return repairs;
}

/** A change that only dials another endpoint mends nothing of what is compared. */
function isMore({ allowedIps, keepaliveSec }: Extract<PeerChange, { kind: 'update' }>): boolean {
  return allowedIps !== undefined || keepaliveSec !== undefined;
}

function differenceOf(written: WrittenPeer, { allowedIps, keepaliveSec }: ObservedPeer): string {
  const [wanted, found] = [canonicalAllowedIps(written.allowedIps), canonicalAllowedIps(allowedIps)];
  return [
    ...(sameAllowedIps(wanted, found) ? [] : [`was allowed ${listOf(found)} instead of ${listOf(wanted)}`]),
    ...(keepaliveSec === written.keepaliveSec
      ? []
      : [`had a keepalive of ${keepaliveSec} s instead of ${written.keepaliveSec} s`]),
  ].join(' and ');
}

function placeOf({ allowedIps, endpoint }: ObservedPeer): string {
  return `for ${listOf(allowedIps)}${endpoint === undefined ? '' : ` at ${endpoint}`}`;
}

function listOf(cidrs: readonly string[]): string {
  return cidrs.length === 0 ? 'nothing' : cidrs.join(' ');
}
