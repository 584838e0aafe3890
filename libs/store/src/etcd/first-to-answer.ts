/** Hedged calls: the next candidate is asked when the one before is slow, and the first answer counts. */
import { abortReason } from '@wgcni/base';
import { LeaseGoneError } from '../port.ts';

export interface HedgeOptions {
  /** Milliseconds until the next candidate is asked beside the first. */
  hedgeAfterMs: number;
  /** Bound of the whole. */
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Resolves with the first answer and who gave it; the other calls are aborted. A candidate that fails lets the next one start at once. "The lease is
 * gone" is an answer too: it is thrown as it is. Throws an AggregateError when all failed.
 */
export async function firstToAnswer<C, T>(
  candidates: readonly C[],
  call: (candidate: C, signal: AbortSignal) => Promise<T>,
  { hedgeAfterMs, timeoutMs, signal }: HedgeOptions,
): Promise<{ answer: T; from: C }> {
  const ending = new AbortController();
  const stop = ending.signal;
  // Not AbortSignal.any: the caller's signal outlives all its calls, and would keep a reference for each signal that was ever derived from it.
  const onAbort = (): void => ending.abort(abortReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const late = setTimeout(() => ending.abort(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    return await new Promise((resolve, reject) => {
      const failures: unknown[] = [];
      let started = 0;
      const startNext = (): void => {
        const candidate = candidates[started];
        if (candidate === undefined || stop.aborted) return;
        started += 1;
        const slow = setTimeout(startNext, hedgeAfterMs);
        const settled = call(candidate, stop).then(
          (answer) => resolve({ answer, from: candidate }),
          (error: unknown) => {
            if (error instanceof LeaseGoneError) reject(error);
            failures.push(error);
            if (failures.length === candidates.length) reject(new AggregateError(failures, 'no candidate answered'));
            startNext();
          },
        );
        void settled.finally(() => clearTimeout(slow));
      };
      const giveUp = (): void => reject(abortReason(stop));
      stop.addEventListener('abort', giveUp, { once: true });
      if (stop.aborted) giveUp();
      startNext();
    });
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', onAbort);
    ending.abort();
  }
}
