/** A clock that a test moves: sleepers wake in the order in which they are due, each with its work done before the next. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@wgcni/base';

interface Sleeper {
  dueMs: number;
  wake: () => void;
}

export class ManualClock implements Clock {
  readonly #wallZeroMs: number;
  #nowMs = 1_000_000;
  readonly #sleepers = new Set<Sleeper>();

  /** The wall clock begins in 2023, or where a test has to agree with the clock of the machine. */
  constructor(wallMs = 1_700_001_000_000) {
    this.#wallZeroMs = wallMs - this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallZeroMs + this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const abort = (): void => end(() => reject(new Error('aborted', { cause: signal?.reason })));
      const sleeper = { dueMs: this.#nowMs + ms, wake: () => end(resolve) };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted === true) abort();
    });
  }

  /** Moves time on by `ms`, stopping at every sleeper on the way. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settled();
    for (;;) {
      const [next] = [...this.#sleepers].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
      await settled();
    }
    this.#nowMs = endMs;
    await settled();
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}
