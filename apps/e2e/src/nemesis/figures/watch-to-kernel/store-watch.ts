/** A watch on etcd that stands beside the nodes' own ones, and notes when it heard of each event. */
import type { Store } from '@wgcni/store';
import type { Lab } from '@wgcni/testing';
import type { Heard } from './lags.ts';

export class StoreWatch {
  readonly #store: Store;
  readonly #stop = new AbortController();
  readonly heard: Heard[] = [];
  #following: Promise<void> = Promise.resolve();

  constructor(lab: Lab) {
    this.#store = lab.openStore();
  }

  get store(): Store {
    return this.#store;
  }

  /** Follows the keys under `prefix` from now on. A watch that breaks spoils the measurement: `stop` throws then. */
  async start(prefix: string): Promise<void> {
    const { revision } = await this.#store.range(prefix);
    this.#following = this.#follow(prefix, revision + 1);
    // Told by `stop`.
    this.#following.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    try {
      await this.#following;
    } finally {
      await this.#store.close();
    }
  }

  async #follow(prefix: string, fromRevision: number): Promise<void> {
    for await (const { events } of this.#store.watch(prefix, fromRevision, this.#stop.signal)) {
      // Whole milliseconds, cut off: the lags are too long by up to one, never too short.
      const atMs = Date.now();
      for (const event of events) this.heard.push({ atMs, event });
    }
  }
}
