/** A stream of "something changed": many rings within a short time come as one. */
import { systemClock } from '@wgcni/base';

/** Starts whatever rings, and returns what stops it. */
export type Ringer = (ring: () => void) => () => void;

/** Yields once, `coalesceMs` after the first ring since the last yield. Stops the ringer and returns when the signal aborts. */
export async function* coalesced(ringer: Ringer, coalesceMs: number, signal: AbortSignal): AsyncGenerator<void> {
  let isDue = false;
  let wake = (): void => {};
  const ring = (): void => {
    isDue = true;
    wake();
  };
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  const stop = ringer(ring);
  try {
    while (!signal.aborted) {
      if (!isDue) await new Promise<void>((resolve) => (wake = resolve));
      if (signal.aborted) return;
      await systemClock.sleep(coalesceMs);
      isDue = false;
      yield;
    }
  } finally {
    stop();
    signal.removeEventListener('abort', onAbort);
  }
}
