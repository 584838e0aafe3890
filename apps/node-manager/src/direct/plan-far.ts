/**
 * PURE: what this node does next with one container of its own and one of another node.
 *
 * WireGuard takes a packet only from the peer to which it would send the answer, so both sides have to change over together; but each side is another node's,
 * that may be slow, or have no node-manager at this moment. So they tell each other over the tunnel itself, where nothing passes that its own node did not begin:
 *
 *   caller     call ─────handshake────▶               route ─keepalive─▶                      settle
 *   listener   listen                  route ─keepalive─▶                settle ─keepalive─▶
 *
 * The listener changes over when it sees the handshake, and says so by a keepalive; the caller changes over when it hears more than answers to its
 * handshakes, and says so in the same way. Who has changed over and then hears the other is settled, and says so again; who does not takes it back. So nobody
 * sends past its node for longer than some seconds to one that does not do the same, whatever dies in between.
 *
 * A keepalive is said by switching them off and on: one that is only due waits for as long as anything is heard.
 */
import type { PeerChange } from '@wgcni/wg';
import type { FarContainer } from './far-containers.ts';
import { isEager, lookAgainMs, restUntil } from './far-pace.ts';
import type { HeldPeer } from './held-peers.ts';

/** What is known beside what the device holds; nothing after a restart. */
export interface FarMemory {
  /** When it was called, listened for or changed over. */
  sinceMs: number;
  /** Of bytes, how many had been heard then. */
  heardBytes: number;
  /** What was written. */
  endpoint: string;
  /** In vain so far. */
  tries: number;
  /** It is let alone until then. */
  restUntilMs: number;
}

export interface FarPair {
  isCaller: boolean;
  /** As it is to be. */
  peer: FarContainer;
  /** As the device has it. */
  held: HeldPeer | undefined;
  memory: FarMemory | undefined;
}

export interface Now {
  monotonicMs: number;
  wallMs: number;
}

export type FarMove = 'call' | 'listen' | 'route' | 'note' | 'settle' | 'move' | 'reset';

/** Each of the changes costs the pair this much time at most. */
export const farTimes = {
  /** A call that nobody has taken is made anew: WireGuard itself tries again only after five seconds. */
  callMs: 2_500,
  /** So long a caller waits for one that took its call: longer than one that has changed over is silent. */
  answerMs: 14_000,
  /** A handshake that is older was not with a caller that still listens. */
  freshMs: 8_000,
  /** Who has changed over waits so long for the other: longer than that is silent; a listener, whose caller says one keepalive more when it hears it, for both. */
  confirmMs: { caller: 12_000, listener: 20_000 },
  /** WireGuard makes a handshake each 120 s while anything is sent, as keepalives are: one that has this age is of a device that is gone. */
  lifeMs: 180_000,
} as const;

/**
 * Seconds between keepalives. Before a pair is settled a caller's is longer than anybody waits, so that it puts off no listener's: who has changed over goes on
 * to be heard when its node-manager is gone. One that listens has none.
 */
const farKeepalive = { callerSec: 60, listenerSec: 10, settledSec: 5 } as const;

/** Bytes of an answer to a handshake; a keepalive has 32, so that what is heard beside answers leaves a rest. */
const answerBytes = 92;

/** Undefined: nothing to do, or nothing yet. */
export function farMove(pair: FarPair, now: Now): FarMove | undefined {
  const { held, peer, memory, isCaller } = pair;
  if (held === undefined) {
    if (memory !== undefined && now.monotonicMs < memory.restUntilMs) return undefined;
    return isCaller ? 'call' : 'listen';
  }
  if (held.allowedIps.length === 0) return isCaller ? afterCall(held, memory, now) : whileListening(pair, held, now);
  if (!isRouted(held, peer)) return 'reset';
  if (memory === undefined) return 'note';
  if (held.keepaliveSec !== farKeepalive.settledSec) {
    if (held.heardBytes > memory.heardBytes) return 'settle';
    return now.monotonicMs - memory.sinceMs > farTimes.confirmMs[isCaller ? 'caller' : 'listener']
      ? 'reset'
      : undefined;
  }
  if (ageMs(held, now) > farTimes.lifeMs) return 'reset';
  return memory.endpoint === peer.endpoint ? undefined : 'move';
}

/** When its node is to look at it again, on the monotonic clock, if it was last looked at `lookedAtMs`; undefined for whenever all others are. */
export function farLookAtMs(
  { held, memory, isCaller, peer }: FarPair,
  now: Now,
  lookedAtMs: number,
): number | undefined {
  if (held === undefined || memory === undefined) return undefined;
  const { sinceMs, tries } = memory;
  // Who listens is called within moments, or, when the way is barred, perhaps never.
  const isToBeCalled = isCaller || (isEager(tries) && now.monotonicMs - sinceMs < farTimes.answerMs);
  const isAwaited = isRouted(held, peer) ? !isSettled({ held, peer }) : isToBeCalled;
  if (!isAwaited) return undefined;
  const fromMs = Math.max(lookedAtMs, sinceMs);
  return fromMs + lookAgainMs(tries, fromMs - sinceMs);
}

/** Whether both sides send past their nodes, and said so. */
export function isSettled({ held, peer }: Pick<FarPair, 'held' | 'peer'>): boolean {
  return isRouted(held, peer) && held?.keepaliveSec === farKeepalive.settledSec;
}

/** Whether our side sends past the node. */
function isRouted(held: HeldPeer | undefined, { allowedIps }: FarContainer): boolean {
  if (held === undefined || held.allowedIps.length !== allowedIps.length) return false;
  return allowedIps.every((cidr) => held.allowedIps.includes(cidr));
}

/** The changes of our device that a move is; none for one that only begins to be watched. */
export function farChanges(
  move: FarMove,
  { peer: { publicKey, endpoint, allowedIps }, isCaller }: Pick<FarPair, 'peer' | 'isCaller'>,
): PeerChange[] {
  const { callerSec, listenerSec, settledSec } = farKeepalive;
  const silence: PeerChange = { kind: 'update', publicKey, keepaliveSec: 0 };
  switch (move) {
    case 'call':
      return [{ kind: 'add', peer: { publicKey, endpoint, allowedIps: [], keepaliveSec: callerSec } }];
    case 'listen':
      return [{ kind: 'add', peer: { publicKey, endpoint, allowedIps: [], keepaliveSec: 0 } }];
    case 'route':
      return [silence, { kind: 'update', publicKey, allowedIps, keepaliveSec: isCaller ? callerSec : listenerSec }];
    case 'settle':
      return [silence, { kind: 'update', publicKey, keepaliveSec: settledSec }];
    case 'move':
      return [{ kind: 'update', publicKey, endpoint }];
    case 'reset':
      return [{ kind: 'remove', publicKey }];
    case 'note':
      return [];
  }
}

/** What is known after a move. */
export function farMemory(move: FarMove, { held, memory, peer, isCaller }: FarPair, now: Now): FarMemory {
  const tries = memory?.tries ?? 0;
  const begun: FarMemory = {
    ...{ sinceMs: now.monotonicMs, heardBytes: held?.heardBytes ?? 0, endpoint: peer.endpoint },
    ...{ tries, restUntilMs: 0 },
  };
  if (move === 'settle') return { ...begun, tries: 0 };
  return move === 'reset' ? resting({ peer, isCaller }, tries + 1, now) : begun;
}

/** What is known of a pair that counts as tried in vain so often, and is not tried now. */
export function resting({ peer, isCaller }: Pick<FarPair, 'peer' | 'isCaller'>, tries: number, now: Now): FarMemory {
  const restUntilMs = restUntil({ tries, isCaller }, now.monotonicMs);
  return { sinceMs: now.monotonicMs, heardBytes: 0, endpoint: peer.endpoint, tries, restUntilMs };
}

/** What is known of a pair once another with the same host is settled: it is tried as a new one is; who has changed over waits for the other no longer than before. */
export function encouraged({ held, peer }: FarPair, memory: FarMemory, now: Now): FarMemory {
  const sinceMs = isRouted(held, peer) ? memory.sinceMs : now.monotonicMs;
  return { ...memory, tries: 0, restUntilMs: 0, sinceMs };
}

function afterCall(held: HeldPeer, memory: FarMemory | undefined, now: Now): FarMove | undefined {
  // Of a call from before a restart nobody knows how long it has been.
  if (memory === undefined) return 'reset';
  if (held.isMet && held.heardBytes % answerBytes !== 0) return 'route';
  const patienceMs = held.isMet ? farTimes.answerMs : farTimes.callMs;
  return now.monotonicMs - memory.sinceMs > patienceMs ? 'reset' : undefined;
}

function whileListening({ memory, peer }: FarPair, held: HeldPeer, now: Now): FarMove | undefined {
  if (ageMs(held, now) <= farTimes.freshMs) return 'route';
  if (memory === undefined) return 'note';
  return memory.endpoint === peer.endpoint ? undefined : 'move';
}

/** Of the latest handshake. */
function ageMs({ metAtSec, isMet }: HeldPeer, { wallMs }: Now): number {
  return isMet ? wallMs - metAtSec * 1_000 : Infinity;
}
