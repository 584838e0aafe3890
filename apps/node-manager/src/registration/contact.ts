/** PURE: how long ago this node was last known to be registered, and whether it may still give out addresses (design §4.11). */

/** Contact is the send time of a renewal that was answered as valid, on every clock that can tell its age later. */
export interface Contact {
  bootId: string;
  /** Milliseconds since boot, suspended time included. */
  uptimeMs: number;
  /** Milliseconds since the epoch. */
  wallMs: number;
}

/** The clocks now. */
export type Instant = Contact;

/** A wall clock may be slewed by this much without having gone back. */
const slewMs = 2_000;

/** Milliseconds since the contact, or undefined when no clock can tell: the wall clock went back. */
export function contactAgeMs(contact: Contact, now: Instant): number | undefined {
  const byWall = now.wallMs - contact.wallMs;
  if (byWall < -slewMs) return undefined;
  return contact.bootId === now.bootId ? Math.max(0, now.uptimeMs - contact.uptimeMs) : Math.max(0, byWall);
}

/** Why no address may be given out, or undefined when it may. */
export function fenceReason(contact: Contact | undefined, holdDownMs: number, now: Instant): string | undefined {
  if (contact === undefined) return 'this node has not been registered since its data directory was made or fenced';
  const ageMs = contactAgeMs(contact, now);
  if (ageMs === undefined) return "the machine's wall clock went back since the last contact";
  // FENCE: the leader reclaims after the whole hold-down at the earliest; the last third is for clocks that differ.
  if (ageMs * 3 < holdDownMs * 2) return undefined;
  return `the last contact is ${Math.round(ageMs / 1_000)} s old, more than two thirds of the hold-down of ${Math.round(holdDownMs / 1_000)} s`;
}
