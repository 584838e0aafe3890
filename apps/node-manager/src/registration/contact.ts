/** PURE: how long this node has been without contact, and whether it may still give out addresses (design §4.11, decision 0003). */

/** The machine's clocks at one moment. */
export interface Instant {
  bootId: string;
  /** Milliseconds since boot, suspended time included. */
  uptimeMs: number;
  /** Milliseconds since the epoch. */
  wallMs: number;
}

/** Time without contact, measured up to a moment at which both clocks were read. */
export interface Silence {
  /** Send time of the last renewal that was answered as valid. */
  contact: Instant;
  /** When it was measured last. */
  measuredAt: Instant;
  /** Milliseconds from the contact until then. */
  silentMs: number;
}

export type Measurement = { kind: 'measured'; silence: Silence } | { kind: 'untellable'; why: string };

/** A wall clock may be corrected by this much, and by a thousandth of the time that passed, without having gone back. */
const slackMs = 2_000;

/** A renewal that was sent at `contact` was answered as valid: from then on there is silence. */
export function beginSilence(contact: Instant): Silence {
  return { contact, measuredAt: contact, silentMs: 0 };
}

/**
 * The silence until `now`. In the boot of the contact the time since boot tells it, and the wall clock only has to have kept up; in
 * a later boot the wall clock tells it, and what was measured counts on by the time since boot. A clock that went back tells nothing.
 */
export function measureSilence({ contact, measuredAt, silentMs }: Silence, now: Instant): Measurement {
  const isSameBoot = measuredAt.bootId === now.bootId;
  const byWall = now.wallMs - measuredAt.wallMs;
  const passed = isSameBoot ? now.uptimeMs - measuredAt.uptimeMs : Math.max(0, byWall);
  if (passed < 0) return untellable("the machine's time since boot went back");
  // FENCE: a wall clock that fell behind the time since boot would tell too little after a reboot.
  const least = isSameBoot ? passed - passed / 1_000 : 0;
  if (byWall < least - slackMs) return untellable("the machine's wall clock went back");
  const isBootOfContact = contact.bootId === now.bootId;
  // FENCE: after a reboot the longer of both counts; a clock that is set right only later tells then what it hid before.
  const counted = isBootOfContact
    ? now.uptimeMs - contact.uptimeMs
    : Math.max(silentMs + passed, now.wallMs - contact.wallMs);
  return { kind: 'measured', silence: { contact, measuredAt: now, silentMs: counted } };
}

/** Why no address may be given out after so much silence, or undefined when it may. */
export function fenceReason({ silentMs }: Pick<Silence, 'silentMs'>, holdDownMs: number): string | undefined {
  // FENCE: the leader reclaims after the whole hold-down at the earliest; the last third is for clocks that differ.
  if (silentMs * 3 < holdDownMs * 2) return undefined;
  const [silentSec, holdDownSec] = [Math.round(silentMs / 1_000), Math.round(holdDownMs / 1_000)];
  return `the last contact is ${silentSec} s old, more than two thirds of the hold-down of ${holdDownSec} s`;
}

/** How often at most the silence is written, and how old the written one may become, in milliseconds of the time since boot. */
const writeAtMostEveryMs = 1_000;
const writeAtLeastEveryMs = 60_000;

/** Whether `silence` is to be written now that `written` stands on disk: contact soon, silence once a minute. */
export function isWriteDue(silence: Silence, written: Silence | undefined): boolean {
  if (written?.measuredAt.bootId !== silence.measuredAt.bootId) return true;
  const sinceMs = silence.measuredAt.uptimeMs - written.measuredAt.uptimeMs;
  if (sinceMs < 0 || sinceMs >= writeAtLeastEveryMs) return true;
  const [before, now] = [written.contact, silence.contact];
  return (before.bootId !== now.bootId || before.uptimeMs !== now.uptimeMs) && sinceMs >= writeAtMostEveryMs;
}

function untellable(why: string): Measurement {
  return { kind: 'untellable', why: `${why} since the last contact` };
}
