/** The store of the simulation: one etcd, with a full history of who changed what at which true time. */
import { MemoryBackend, type WatchBatch } from '@wgcni/store';
import type { Timeline } from './timeline.ts';

/** One committed change. */
export interface Commit extends WatchBatch {
  /** True time. */
  atMs: number;
  /** Who asked for it: a process by its name and start, `'expiry'` or `'restore'`. */
  author: string;
}

export type StoreListener = (change: { kind: 'commit'; commit: Commit } | { kind: 'restored' }) => void;

export class StoreServer {
  readonly backend: MemoryBackend;
  readonly #timeline: Timeline;
  readonly #listeners = new Set<StoreListener>();
  #author = 'setup';
  #epoch = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.backend = new MemoryBackend({
      monotonicMs: () => timeline.nowMs,
      wallMs: () => timeline.nowMs,
      sleep: () => Promise.reject(new Error('the store does not sleep')),
    });
    this.backend.onChange((batch) => this.#tell(batch));
  }

  /** How often it was restored: what was sent before never arrives. */
  get epoch(): number {
    return this.#epoch;
  }

  get nowMs(): number {
    return this.#timeline.nowMs;
  }

  /** Does something in so long, whoever has asked for it. */
  later(delayMs: number, run: () => void): void {
    this.#timeline.after(delayMs, run);
  }

  /** Sets everything back to a snapshot of the backend. */
  restore(snapshot: () => void): void {
    this.#epoch += 1;
    this.as('restore', snapshot);
  }

  /** Works on the store in someone's name. */
  as<T>(author: string, work: (backend: MemoryBackend) => T): T {
    this.expire();
    this.#author = author;
    return work(this.backend);
  }

  /** Ends what is over at this instant. */
  expire(): void {
    this.#author = 'expiry';
    this.backend.expireLeases();
  }

  /** Calls `listener` after every change until the returned function is called. */
  onChange(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(batch: WatchBatch | undefined): void {
    const change =
      batch === undefined
        ? ({ kind: 'restored' } as const)
        : ({ kind: 'commit', commit: { ...batch, atMs: this.#timeline.nowMs, author: this.#author } } as const);
    for (const listener of [...this.#listeners]) listener(change);
  }
}
