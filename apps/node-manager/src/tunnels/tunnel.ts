/** PURE: what is known of the tunnel to one node, by what was heard of it and what it answered. */

/** `unknown`: never heard, or it cannot be asked. */
type TunnelState = 'up' | 'broken' | 'unknown';

export interface Tunnel {
  state: TunnelState;
  /** Since when it is so; all instants are of the monotonic clock, in milliseconds. */
  sinceMs: number;
  /** When it was first looked at. */
  knownMs: number;
  /** What had been received at the last look. */
  receivedBytes: number;
  /** Why it is broken, as far as it was found out. */
  cause: string | null;
  /** How often its peer was written anew since it is broken. */
  attempts: number;
  /** When that is done next. */
  repairAtMs: number;
  /** It was repaired three times, and is broken still. */
  isAlarm: boolean;
}

/** What became of a tunnel that somebody may have to look at. */
export type TunnelNews = 'broken' | 'well' | 'not-repaired';

/** A node that has just joined programs its own side within this time: until then its silence says nothing. */
const joiningMs = 20_000;
/** Bytes of the messages of a handshake (WireGuard §5.4.2, §5.4.3). */
const handshake = { initiation: 148, response: 92 };
/** One is begun every five seconds, and some machines are late. */
const mostInitiations = 4 * handshake.initiation;
/** After the first repair, which is made at once: until the second, the third, …; the last holds for all that follow. */
const repairWaitsMs = [15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000] as const;
/** So many repairs that did not help are an alarm. */
const fewRepairs = 3;

/** The first look; what was received before may be old. */
export function seenFirst(receivedBytes: number, nowMs: number): Tunnel {
  const unbroken = { cause: null, attempts: 0, repairAtMs: 0, isAlarm: false };
  return { state: 'unknown', sinceMs: nowMs, knownMs: nowMs, receivedBytes, ...unbroken };
}

/** Another look: whether something came in since the last. Counters that went back are of a peer that was written anew. */
export function heard(tunnel: Tunnel, receivedBytes: number, nowMs: number): { tunnel: Tunnel; isQuiet: boolean } {
  const isQuiet = saysNothing(receivedBytes - tunnel.receivedBytes);
  const looked = { ...tunnel, receivedBytes };
  // One that is broken is well only when it answers.
  return { tunnel: isQuiet || tunnel.state === 'broken' ? looked : up(looked, nowMs), isQuiet };
}

/** It was asked twice. */
export function answered(tunnel: Tunnel, hasAnswered: boolean, nowMs: number): { tunnel: Tunnel; news?: TunnelNews } {
  if (hasAnswered) return { tunnel: up(tunnel, nowMs), ...(tunnel.state === 'broken' ? { news: 'well' } : {}) };
  if (tunnel.state === 'broken') {
    const isAlarm = tunnel.attempts >= fewRepairs;
    return { tunnel: { ...tunnel, isAlarm }, ...(isAlarm && !tunnel.isAlarm ? { news: 'not-repaired' } : {}) };
  }
  if (tunnel.state === 'unknown' && nowMs - tunnel.knownMs < joiningMs) return { tunnel };
  return { tunnel: { ...tunnel, state: 'broken', sinceMs: nowMs, repairAtMs: nowMs }, news: 'broken' };
}

/** It could not be asked: what is broken stays so, of any other nothing is known. */
export function unasked(tunnel: Tunnel, nowMs: number): Tunnel {
  return tunnel.state === 'up' ? { ...tunnel, state: 'unknown', sinceMs: nowMs } : tunnel;
}

export function isRepairDue({ state, repairAtMs }: Tunnel, nowMs: number): boolean {
  return state === 'broken' && nowMs >= repairAtMs;
}

/** Its peer is written anew. */
export function repaired(tunnel: Tunnel, nowMs: number): Tunnel {
  const waitMs = repairWaitsMs[Math.min(tunnel.attempts, repairWaitsMs.length - 1)] ?? 0;
  return { ...tunnel, attempts: tunnel.attempts + 1, repairAtMs: nowMs + waitMs };
}

/** Of those that were quiet, who is asked in this turn: the broken first, then the others in turn, beginning after `last`. */
export function whoToAsk(
  quiet: readonly { nodeId: string; isBroken: boolean }[],
  last: string,
  most: number,
): { asked: string[]; last: string } {
  const sorted = [...quiet].sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
  const broken = sorted.filter(({ isBroken }) => isBroken).map(({ nodeId }) => nodeId);
  const others = sorted.filter(({ isBroken }) => !isBroken).map(({ nodeId }) => nodeId);
  const turn = [...others.filter((nodeId) => nodeId > last), ...others.filter((nodeId) => nodeId <= last)];
  // However many are broken, half of the questions are for the others.
  const asked = turn.slice(0, Math.max(most - broken.length, Math.floor(most / 2)));
  return { asked: [...broken.slice(0, most - asked.length), ...asked], last: asked.at(-1) ?? last };
}

/** Nothing, or what handshakes alone may be: a peer whose every answer is lost goes on beginning them. To ask one too many does no harm. */
function saysNothing(bytes: number): boolean {
  return bytes <= 0 || bytes === handshake.response || (bytes % handshake.initiation === 0 && bytes <= mostInitiations);
}

function up(tunnel: Tunnel, nowMs: number): Tunnel {
  if (tunnel.state === 'up') return tunnel;
  return { ...tunnel, state: 'up', sinceMs: nowMs, cause: null, attempts: 0, isAlarm: false };
}
