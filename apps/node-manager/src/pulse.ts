/** A wake-up that coalesces: however often it is given while the loop works, the loop runs once more. */
import { abortReason } from '@wgcni/base';

export class Pulse {
  #isDue = false;
  #wake: (() => void) | undefined;

  /** Wakes the loop that waits, or the next that will. */
  give(): void {
    this.#isDue = true;
    this.#wake?.();
  }

  /**
   * Resolves with true at the next pulse (at once when one was given since the last wait), or with false after `timeoutMs`.
   * Rejects with the signal's reason when it aborts. One loop may wait at a time.
   */
  wait(signal: AbortSignal, timeoutMs?: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortReason(signal));
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#wake = undefined;
        finish();
      };
      const onAbort = (): void => settle(() => reject(abortReason(signal)));
      const take = (): void => {
        this.#isDue = false;
        settle(() => resolve(true));
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => settle(() => resolve(false)), timeoutMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#wake = take;
      if (this.#isDue) take();
    });
  }
}
