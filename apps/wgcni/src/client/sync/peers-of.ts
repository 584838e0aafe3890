/** PURE: the peers that a client's interface is to hold: those of its configuration, and for a while those that have vanished from it. */
import { parseCidr } from '@wgcni/ipam';
import type { ObservedPeer } from '@wgcni/wg';
import { BlockIndex } from './block-index.ts';
import type { DevicePeer, FilePeer } from './client-file.ts';

interface Circumstances {
  /** What the interface holds under this client's key. */
  held: readonly ObservedPeer[];
  /** Public key → the published endpoint that was applied last; empty after a start. */
  given: ReadonlyMap<string, string>;
  /** Public key → since when every look has found it vanished that was answered. */
  missingSince: ReadonlyMap<string, number>;
  nowMs: number;
  /** How long a peer stays that the configuration names no more, in milliseconds. */
  keepMissingMs: number;
  /** Whether the managers have answered just now: what is old says nothing more of who vanished. */
  isFresh: boolean;
}

interface PlannedPeers {
  peers: DevicePeer[];
  missingSince: Map<string, number>;
}

/**
 * FENCE: a peer that vanished may be a node whose record was lost, not one that left: it goes when it was missing at every look for `keepMissingMs`, or when all its blocks are
 * somebody else's. An endpoint is named where another was published than the one applied last: WireGuard follows by itself where a peer is heard from.
 */
export function peersOf(wanted: readonly FilePeer[], circumstances: Circumstances): PlannedPeers {
  const { held, given, missingSince, nowMs, keepMissingMs, isFresh } = circumstances;
  const named = new Set(wanted.map(({ publicKey }) => publicKey));
  const strangers = held.filter(({ publicKey }) => !named.has(publicKey));
  const taken = new BlockIndex(
    strangers.length === 0 ? [] : wanted.flatMap(({ allowedIps }) => allowedIps.map((cidr) => parseCidr(cidr))),
  );
  const missing = new Map<string, number>();
  const kept = strangers.flatMap(({ publicKey, allowedIps, keepaliveSec }): DevicePeer[] => {
    const left = allowedIps.filter((cidr) => !taken.overlaps(parseCidr(cidr)));
    // Time in which nobody answered is none in which it was seen to be missing.
    const since = (isFresh ? missingSince.get(publicKey) : undefined) ?? nowMs;
    if (left.length === 0 || (isFresh && nowMs - since >= keepMissingMs)) return [];
    missing.set(publicKey, since);
    return [{ publicKey, endpoint: undefined, allowedIps: left, keepaliveSec }];
  });
  const where = new Map<string, string | undefined>(held.map((peer) => [peer.publicKey, peer.endpoint]));
  const isGiven = ({ publicKey, endpoint }: FilePeer): boolean => {
    const at = where.get(publicKey);
    return at !== undefined && (at === endpoint || given.get(publicKey) === endpoint);
  };
  const present = wanted.map((peer) => ({ ...peer, endpoint: isGiven(peer) ? undefined : peer.endpoint }));
  return { peers: [...present, ...kept], missingSince: missing };
}
