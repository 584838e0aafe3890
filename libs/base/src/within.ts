/** A bound on work, on the clock that came in: a simulation moves it, and nothing waits for a real timer. */
import type { Clock } from './clock.ts';

/**
 * Runs `work` with a signal that aborts after `ms` of this clock, and resolves or rejects as it does: a work that ignores the signal is not bounded.
 * Nothing is left behind when it ends earlier.
 */
export async function within<T>(clock: Clock, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const [late, ended] = [new AbortController(), new AbortController()];
  const onTime = (): void => late.abort(new Error(`${ms} ms are over`));
  void clock.sleep(ms, ended.signal).then(onTime, () => undefined);
  try {
    return await work(late.signal);
  } finally {
    ended.abort();
  }
}
