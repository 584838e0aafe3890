/** How silence and rest are measured: only time that one leader measured itself, between two of its own readings (design §4.5). */

/** One look of the leader at everything at once. */
export interface Reading {
  /** The leader's own monotonic clock, in milliseconds. */
  atMs: number;
  /** The create-revision of the leader key: readings of two terms have nothing to do with each other. */
  term: number;
  /** Nodes that had no registration at any time since the reading before. */
  silent: ReadonlySet<string>;
  /** Released subnets, by their canonical text. */
  resting: ReadonlySet<string>;
}

/** Smallest time between two readings of one leader, in milliseconds. */
export const smallestGapMs = 60_000;

/** A counter that was checkpointed in the store. */
export interface Measured {
  silentMs: number;
}

/**
 * Milliseconds that count between two readings: 0 without a reading before, for readings of two terms, or less than `minGapMs` apart. A leader keeps
 * its reading until the gap is long enough, so that short gaps add up.
 */
export function measuredGapMs(previous: Reading | undefined, now: Reading, minGapMs = smallestGapMs): number {
  if (previous === undefined || previous.term !== now.term) return 0;
  const gapMs = Math.floor(now.atMs - previous.atMs);
  return gapMs >= minGapMs ? gapMs : 0;
}

/** The silence of a node's subnet after this reading, in milliseconds. A registration clears it; only what both readings saw silent adds to it. */
export function advanceSilence(
  subnet: Measured & { nodeId: string },
  previous: Reading | undefined,
  now: Reading,
  minGapMs = smallestGapMs,
): number {
  // FENCE: a node that was heard of, at whatever time since the last reading, has all its hold-down before it again.
  if (!now.silent.has(subnet.nodeId)) return 0;
  const wasSilent = previous?.silent.has(subnet.nodeId) === true;
  return subnet.silentMs + (wasSilent ? measuredGapMs(previous, now, minGapMs) : 0);
}

/** The rest of a released subnet after this reading, in milliseconds; the node that had it does not matter. */
export function advanceRest(
  subnet: Measured & { cidr: string },
  previous: Reading | undefined,
  now: Reading,
  minGapMs = smallestGapMs,
): number {
  const hasRested = previous?.resting.has(subnet.cidr) === true && now.resting.has(subnet.cidr);
  return subnet.silentMs + (hasRested ? measuredGapMs(previous, now, minGapMs) : 0);
}
