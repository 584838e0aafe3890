/** A client of the store in memory, with the faults that a network has: answers that are lost, members out of reach. */
import type { Clock } from '@wgcni/base';
import {
  StoreUnavailableError,
  type LeaseId,
  type RangeOptions,
  type RangePage,
  type Store,
  type StoredKey,
  type Transaction,
  type TransactionOutcome,
  type WatchBatch,
} from '../port.ts';
import { MemoryBackend } from './backend.ts';

/** What goes wrong between this client and the store. */
export interface MemoryFaults {
  /** Nothing gets through, and nothing is applied. */
  isPartitioned: boolean;
  /** So many of the next transactions are applied but their answers are lost. */
  answersToLose: number;
  /** So many of the next transactions are lost before they are applied; the caller cannot tell the difference. */
  requestsToLose: number;
}

export class MemoryStore implements Store {
  readonly backend: MemoryBackend;
  readonly faults: MemoryFaults = { isPartitioned: false, answersToLose: 0, requestsToLose: 0 };

  constructor(backend: MemoryBackend) {
    this.backend = backend;
  }

  /** A store of its own, for one client. */
  static alone(clock: Clock): MemoryStore {
    return new MemoryStore(new MemoryBackend(clock));
  }

  async get(key: string): Promise<{ item: StoredKey | undefined; revision: number }> {
    await this.#reach('get');
    const item = this.backend.get(key);
    return { item: item === undefined ? undefined : { ...item }, revision: this.backend.revision };
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangePage> {
    await this.#reach('range');
    return this.backend.range(prefix, options);
  }

  async transact(transaction: Transaction): Promise<TransactionOutcome> {
    await Promise.resolve();
    if (this.faults.isPartitioned || this.#takes('requestsToLose'))
      return { arm: 'unknown', cause: new StoreUnavailableError('transact') };
    const { isCommitted, revision, found } = this.backend.transact(transaction);
    if (this.#takes('answersToLose')) return { arm: 'unknown', cause: new StoreUnavailableError('transact') };
    return isCommitted ? { arm: 'committed', revision } : { arm: 'conflict', revision, found };
  }

  async grantLease(ttlSec: number): Promise<LeaseId> {
    await this.#reach('grantLease');
    return this.backend.grantLease(ttlSec);
  }

  async keepAlive(lease: LeaseId): Promise<number> {
    await this.#reach('keepAlive');
    return this.backend.keepAlive(lease);
  }

  async revokeLease(lease: LeaseId): Promise<void> {
    await this.#reach('revokeLease');
    this.backend.revokeLease(lease);
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    await this.#reach('watch');
    let next = fromRevision;
    while (!signal.aborted) {
      const changed = this.#nextChange(signal);
      for (const batch of this.backend.since(next)) {
        if (this.faults.isPartitioned) throw new StoreUnavailableError('watch');
        const events = batch.events.filter((event) =>
          (event.kind === 'put' ? event.item.key : event.key).startsWith(prefix),
        );
        if (events.length > 0) yield { revision: batch.revision, events };
        next = batch.revision + 1;
      }
      if (this.backend.revision >= next - 1) yield { revision: this.backend.revision, events: [] };
      await changed;
      if (this.faults.isPartitioned) throw new StoreUnavailableError('watch');
      // A store that went back in time has another history: etcd's client is told so by its connection breaking.
      if (this.backend.revision < next - 1) throw new StoreUnavailableError('watch');
    }
  }

  async compact(revision: number): Promise<void> {
    await this.#reach('compact');
    this.backend.compact(revision);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async #reach(operation: string): Promise<void> {
    await Promise.resolve();
    if (this.faults.isPartitioned) throw new StoreUnavailableError(operation);
  }

  #takes(fault: 'answersToLose' | 'requestsToLose'): boolean {
    if (this.faults[fault] === 0) return false;
    this.faults[fault] -= 1;
    return true;
  }

  /** Resolves at the next change of the store or when the signal aborts. */
  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stop = (): void => {
        unsubscribe();
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const unsubscribe = this.backend.onChange(stop);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
  }
}
