/** Runs a reconciler: one at a time, events coalesced, failures tried again with a delay of at most two seconds. */
import { backoffMs, type Clock, type Log, messageOf, type Random } from '@wgcni/base';
import { Pulse } from './pulse.ts';

export interface ReconcileLoopDeps {
  /** Stands in the log. */
  name: string;
  reconcile: () => Promise<void>;
  /** Everything is read back this often without an event, in milliseconds. */
  readBackMs: number;
  clock: Pick<Clock, 'sleep'>;
  random: Random;
  log: Log;
}

const retries = { firstMs: 100, maxMs: 2_000 };

export class ReconcileLoop {
  readonly #deps: ReconcileLoopDeps;
  readonly #pulse = new Pulse();
  #waiting: { since: number; resolve: () => void }[] = [];
  #begun = 0;

  constructor(deps: ReconcileLoopDeps) {
    this.#deps = deps;
  }

  /** Something may differ: reconcile soon. */
  trigger(): void {
    this.#pulse.give();
  }

  /** Resolves after a run that began after this call and succeeded. */
  settled(): Promise<void> {
    const since = this.#begun + 1;
    const settled = new Promise<void>((resolve) => this.#waiting.push({ since, resolve }));
    this.trigger();
    return settled;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { reconcile, readBackMs, clock, random, log, name } = this.#deps;
    for (let failures = 0; ;) {
      this.#begun += 1;
      const run = this.#begun;
      try {
        await reconcile();
        failures = 0;
        this.#finish(run);
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        log.error({ why: messageOf(error), failures }, `${name}.reconcile-failed`);
      }
      // A failed try may itself cause events: they do not shorten the delay.
      if (failures > 0) await clock.sleep(backoffMs(failures - 1, retries, random), signal);
      else await this.#pulse.wait(signal, readBackMs);
    }
  }

  #finish(run: number): void {
    const done = this.#waiting.filter(({ since }) => since <= run);
    this.#waiting = this.#waiting.filter(({ since }) => since > run);
    for (const { resolve } of done) resolve();
  }
}
