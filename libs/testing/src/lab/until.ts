/** Waits for what a test is about to see. */
import { messageOf, systemClock } from '@wgcni/base';

/** Asks every 100 ms until the answer is no error; an error that was thrown or returned is told when the time is over. */
export async function until<T>(timeoutMs: number, what: string, ask: () => Promise<T | Error>): Promise<T> {
  const deadline = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const answer = await ask().catch((error: unknown) => new Error(messageOf(error), { cause: error }));
    if (!(answer instanceof Error)) return answer;
    if (systemClock.monotonicMs() > deadline)
      throw new Error(`waited ${timeoutMs} ms for ${what}: ${answer.message}`, { cause: answer });
    await systemClock.sleep(100);
  }
}
