/** Keeps a copy of everything under a prefix: lists at one revision, then watches from there; a broken watch lists again. */
import { backoffMs, messageOf, type Clock, type Log, type Random } from '@wgcni/base';
import type { Store, StoredKey, WatchBatch, WatchEvent } from '../port.ts';

/**
 * What changed. A `snapshot` replaces everything: a key that it lacks was deleted *or* was lost with the store's history, and only the
 * consumer can tell by a tombstone (design §4.6). `hasGoneBack` is set when the store's revision is lower than one seen before.
 */
export type Change =
  | { kind: 'snapshot'; items: ReadonlyMap<string, StoredKey>; revision: number; hasGoneBack: boolean }
  | { kind: 'delta'; events: readonly WatchEvent[]; revision: number };

export interface ReflectorOptions {
  store: Store;
  /** Ends in '/'. */
  prefix: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** Keys per page of the list. */
  pageSize?: number;
}

const betweenLists = { firstMs: 100, maxMs: 2_000 };

export class Reflector {
  readonly #options: ReflectorOptions;
  #items = new Map<string, StoredKey>();
  #revision = 0;
  #isSynced = false;

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  /** The copy; kept as it was while the store cannot be reached. */
  get items(): ReadonlyMap<string, StoredKey> {
    return this.#items;
  }

  /** The revision up to which the copy is complete; 0 before the first list. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether a watch is open, so that the copy follows the store. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Follows the store until the signal aborts; `onChange` is called in order, after the copy has changed. Never throws for a store that is away. */
  async run(signal: AbortSignal, onChange: (change: Change) => void): Promise<void> {
    const { clock, random, log, prefix } = this.#options;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#list(signal, onChange);
        failures = 0;
        await this.#follow(signal, onChange);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ prefix, revision: this.#revision, cause: messageOf(error) }, 'watch.broken');
      }
      this.#isSynced = false;
      await clock.sleep(backoffMs(failures, betweenLists, random), signal).catch(() => undefined);
    }
  }

  async #list(signal: AbortSignal, onChange: (change: Change) => void): Promise<void> {
    const { store, prefix, pageSize = 1_000 } = this.#options;
    const items = new Map<string, StoredKey>();
    let page = await store.range(prefix, { limit: pageSize, signal });
    const revision = page.revision;
    for (;;) {
      for (const item of page.items) items.set(item.key, item);
      const last = page.items.at(-1);
      if (!page.more || last === undefined) break;
      // Every page as of the first one's revision: together they are one moment.
      page = await store.range(prefix, { limit: pageSize, after: last.key, revision, signal });
    }
    const hasGoneBack = revision < this.#revision;
    this.#items = items;
    this.#revision = revision;
    onChange({ kind: 'snapshot', items, revision, hasGoneBack });
  }

  async #follow(signal: AbortSignal, onChange: (change: Change) => void): Promise<void> {
    const { store, prefix } = this.#options;
    for await (const batch of store.watch(prefix, this.#revision + 1, signal)) {
      this.#isSynced = true;
      if (batch.revision < this.#revision)
        throw new Error(`the store went back from revision ${this.#revision} to ${batch.revision}`);
      this.#apply(batch);
      if (batch.events.length > 0) onChange({ kind: 'delta', events: batch.events, revision: batch.revision });
    }
  }

  #apply({ events, revision }: WatchBatch): void {
    for (const event of events) {
      if (event.kind === 'put') this.#items.set(event.item.key, event.item);
      else this.#items.delete(event.key);
    }
    this.#revision = revision;
  }
}
