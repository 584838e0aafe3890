/** What is kept as its files are replaced: looked at now and then, and whoever uses it is told of each change. */
import type { Clock } from '@wgcni/base';

export interface LookOptions {
  clock: Clock;
  /** Milliseconds between two looks at the files (default 10,000). */
  everyMs?: number;
}

/** Looks until the signal aborts; the first time after one pause. */
export async function lookAgain(
  { clock, everyMs = 10_000 }: LookOptions,
  signal: AbortSignal,
  look: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(everyMs, signal).catch(() => undefined);
    if (!signal.aborted) await look();
  }
}

/** Who wants to hear of changes. */
export class ChangeListeners {
  readonly #listeners = new Set<() => void>();

  /** Tells `listener` of each change from now on; answers how to hear no more. */
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
