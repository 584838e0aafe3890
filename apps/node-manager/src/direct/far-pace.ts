/** PURE: how often a pair with a container of another node is tried and looked at: closely at first, and seldom where nobody answers. */

/** So many tries are made one after the other and looked at closely: at first the other node only learns of it. */
const eagerTries = 4;

/**
 * Calls that rest are made again at these times, all in the same moment: however many a device makes, that is one change of it. Each is a multiple of those
 * before it, so that what has rested the longest is called together with what has not.
 */
const windows = { firstMs: 15_000, lastMs: 240_000 };

/** Who listens rests by itself: it costs one change, and it must listen when it is called. */
const rests = { firstMs: 5_000, lastMs: 60_000 };

/** A device is looked at again after as much time as has passed since its pair was tried, within these. */
const eagerLooks = { leastMs: 25, mostMs: 200 };
const patientLooks = { leastMs: 250, mostMs: 1_000 };

/** Whether a pair that was tried in vain so often is tried again without a rest. */
export function isEager(tries: number): boolean {
  return tries < eagerTries;
}

/** Until when a pair is let alone that was tried in vain so often, on the monotonic clock; `nowMs` for not at all. */
export function restUntil({ tries, isCaller }: { tries: number; isCaller: boolean }, nowMs: number): number {
  if (isEager(tries)) return nowMs;
  const times = 2 ** (tries - eagerTries);
  if (!isCaller) return nowMs + Math.min(rests.lastMs, rests.firstMs * times);
  const window = Math.min(windows.lastMs, windows.firstMs * times);
  return (Math.floor(nowMs / window) + 1) * window;
}

/** Milliseconds until a pair's device is looked at again, when it was last looked at `elapsedMs` after the pair was tried. */
export function lookAgainMs(tries: number, elapsedMs: number): number {
  const { leastMs, mostMs } = isEager(tries) ? eagerLooks : patientLooks;
  return Math.min(mostMs, Math.max(leastMs, elapsedMs));
}
