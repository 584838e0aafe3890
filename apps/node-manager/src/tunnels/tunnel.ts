/** PURE: what is known of the tunnel to one node, by what was heard of it and what it answered. */
import type { ObservedPeer } from '@wgcni/wg';

/** `unknown`: never heard, or it cannot be asked. */
type TunnelState = 'up' | 'broken' | 'unknown';

export interface Tunnel {
  state: TunnelState;
  /** Since when it is so; all instants are of the monotonic clock, in milliseconds. */
  sinceMs: number;
  /** When the device had its peer last. */
  seenMs: number;
  /** What had been received at the last look. */
  receivedBytes: number;
  /** The last handshake that was seen, in seconds since the epoch; 0 before there was one. */
  handshakeAt: number;
  /** Its node answers echoes, as far as is known: that it does not answer one says something then. */
  isEchoing: boolean;
  /** Since when questions are not answered and nothing else came either; null: something came since. */
  silentMs: number | null;
  /** The handshake that was the last one when an echo was missed first; null: none was missed since the last that came. */
  doubtedAt: number | null;
  /** Why it is broken, as far as it was found out; or what is odd about one that is up. */
  cause: string | null;
  /** What a person does about that. */
  remedy: string | null;
  /** How often its peer was written anew since it is broken. */
  attempts: number;
  /** When that is done next. */
  repairAtMs: number;
  /** It was repaired three times, and is broken still. */
  isAlarm: boolean;
}

/** What became of a tunnel that somebody may have to look at. */
export type TunnelNews = 'broken' | 'well' | 'not-repaired';

/** What the device shows of a peer: bytes that came from it, and its last handshake in seconds since the epoch, 0 when there was none. */
type Shown = Pick<ObservedPeer, 'receivedBytes' | 'latestHandshakeAt'>;

/** What became of a question: its echo came, something else came through meanwhile, or nothing. */
export type Answer = 'echo' | 'bytes' | 'nothing';

/**
 * So long the silence of one that answered no echo yet says nothing: a node that has just joined programs its own side within this time, and
 * one that answers none sends an empty packet ten seconds after what it was asked with (WireGuard §6.5).
 */
const patienceMs = 20_000;
/** A device is made anew within seconds, and tried again every two seconds when that fails. */
const lackMs = 60_000;
const answersNoEcho =
  'packets come through it, but no echo is answered: a packet filter or a switch of that host drops ICMP';
/** Bytes of the messages of a handshake (WireGuard §5.4.2, §5.4.3). */
const handshake = { initiation: 148, response: 92 };
/** Of each between two looks: one is begun every five seconds, and some machines are late. */
const mostHandshakes = 4;
/** After the first repair, which is made at once: until the second, the third, …; the last holds for all that follow. */
const repairWaitsMs = [15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000] as const;
/** So many repairs that did not help are an alarm. */
const fewRepairs = 3;

/** The first look; what was received before may be old. */
export function seenFirst({ receivedBytes, latestHandshakeAt }: Shown, nowMs: number): Tunnel {
  const unbroken = { cause: null, remedy: null, attempts: 0, repairAtMs: 0, isAlarm: false };
  const unheard = { isEchoing: false, silentMs: null, doubtedAt: null };
  return {
    ...{ state: 'unknown', sinceMs: nowMs, seenMs: nowMs, receivedBytes, handshakeAt: latestHandshakeAt },
    ...unheard,
    ...unbroken,
  };
}

/** A device that is made anew lacks its peers for a moment: what is known of them stays so long. */
export function isForgotten({ seenMs }: Tunnel, nowMs: number): boolean {
  return nowMs - seenMs > lackMs;
}

/** Another look: whether something came in since the last. Counters that went back are of a peer that was written anew. */
export function heard(
  tunnel: Tunnel,
  { receivedBytes, latestHandshakeAt }: Shown,
  nowMs: number,
): { tunnel: Tunnel; isQuiet: boolean; news?: TunnelNews } {
  const isQuiet = saysNothing(receivedBytes - tunnel.receivedBytes);
  const handshakeAt = latestHandshakeAt === 0 ? tunnel.handshakeAt : latestHandshakeAt;
  const looked = { ...tunnel, receivedBytes, handshakeAt, seenMs: nowMs };
  if (isQuiet) return { tunnel: looked, isQuiet };
  const spoken = { ...looked, silentMs: null };
  if (tunnel.doubtedAt !== null && carriesBothWays(tunnel.doubtedAt, latestHandshakeAt)) {
    const mute = { ...up(spoken, nowMs), isEchoing: false, cause: answersNoEcho };
    return { tunnel: mute, isQuiet, ...(tunnel.state === 'broken' ? { news: 'well' } : {}) };
  }
  // A peer that hears nothing of ours goes on sending for a while: its bytes alone do not make well what is broken.
  return { tunnel: tunnel.state === 'broken' ? spoken : up(spoken, nowMs), isQuiet };
}

/** It was asked twice. */
export function answered(tunnel: Tunnel, answer: Answer, nowMs: number): { tunnel: Tunnel; news?: TunnelNews } {
  if (answer === 'echo') {
    const well = { ...up(tunnel, nowMs), isEchoing: true, silentMs: null, doubtedAt: null, cause: null };
    return { tunnel: well, ...(tunnel.state === 'broken' ? { news: 'well' } : {}) };
  }
  if (tunnel.state === 'broken') {
    const isAlarm = tunnel.attempts >= fewRepairs;
    return { tunnel: { ...tunnel, isAlarm }, ...(isAlarm && !tunnel.isAlarm ? { news: 'not-repaired' } : {}) };
  }
  const doubted = { ...tunnel, doubtedAt: tunnel.doubtedAt ?? tunnel.handshakeAt };
  if (answer === 'bytes') return { tunnel: { ...doubted, cause: answersNoEcho } };
  const silentMs = tunnel.silentMs ?? nowMs;
  if (!tunnel.isEchoing && nowMs - silentMs < patienceMs) return { tunnel: { ...doubted, silentMs } };
  const broken = { state: 'broken' as const, sinceMs: nowMs, repairAtMs: nowMs, cause: null, remedy: null };
  return { tunnel: { ...tunnel, ...broken, silentMs, doubtedAt: tunnel.handshakeAt }, news: 'broken' };
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

/** A handshake that ended after an echo was missed, and bytes after it: packets went both ways since. */
function carriesBothWays(doubtedAt: number, latestHandshakeAt: number): boolean {
  return latestHandshakeAt !== 0 && latestHandshakeAt !== doubtedAt;
}

/** Nothing, or what handshakes alone may be: a peer whose every answer is lost goes on beginning them. To ask one too many does no harm. */
function saysNothing(bytes: number): boolean {
  if (bytes <= 0) return true;
  for (let responses = 0; responses <= mostHandshakes; responses += 1) {
    const rest = bytes - responses * handshake.response;
    if (rest >= 0 && rest % handshake.initiation === 0 && rest <= mostHandshakes * handshake.initiation) return true;
  }
  return false;
}

function up(tunnel: Tunnel, nowMs: number): Tunnel {
  if (tunnel.state === 'up') return tunnel;
  return { ...tunnel, state: 'up', sinceMs: nowMs, cause: null, remedy: null, attempts: 0, isAlarm: false };
}
