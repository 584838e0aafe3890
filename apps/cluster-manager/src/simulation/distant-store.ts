/** The store as one process reaches it: over a link, with etcd's deadlines, unknown answers and late writes. */
import {
  CompactedError,
  LeaseGoneError,
  StoreUnavailableError,
  type LeaseId,
  type MemoryBackend,
  type RangeOptions,
  type RangePage,
  type Store,
  type StoredKey,
  type Transaction,
  type TransactionOutcome,
  type WatchBatch,
} from '@wgcni/store';
import type { Actor } from './actor.ts';
import { DistantWatches } from './distant-watch.ts';
import { exchange, NoAnswerError, type Answer } from './exchange.ts';
import type { Link } from './link.ts';
import type { StoreServer } from './store-server.ts';

/** Bound of one call, as in the adapter for etcd. */
const unaryTimeoutMs = 2_000;
/** What was stalled is served within so long after the stall. */
const stallSpreadMs = 300;

export class DistantStore implements Store {
  readonly watches: DistantWatches;
  /** Transactions and leases of which this process never knew what became. */
  unknowns = 0;
  /** Called once, when the next transaction that writes is sent. */
  atNextWrite: (() => void) | undefined;
  #stalledUntilMs = 0;
  readonly #actor: Actor;
  readonly #link: Link;
  readonly #server: StoreServer;

  constructor(actor: Actor, link: Link, server: StoreServer) {
    this.#actor = actor;
    this.#link = link;
    this.#server = server;
    this.watches = new DistantWatches(actor, link, server);
  }

  get(key: string, signal?: AbortSignal): Promise<{ item: StoredKey | undefined; revision: number }> {
    return this.#ask('get', (backend) => ({ item: backend.get(key), revision: backend.revision }), signal);
  }

  range(prefix: string, options: RangeOptions = {}): Promise<RangePage> {
    return this.#ask('range', (backend) => backend.range(prefix, options), options.signal);
  }

  async transact(transaction: Transaction, signal?: AbortSignal): Promise<TransactionOutcome> {
    const isWrite = transaction.then.length > 0;
    if (isWrite) this.#trip();
    try {
      const { isCommitted, revision, found } = await this.#ask('transact', (it) => it.transact(transaction), signal, {
        isStalled: isWrite && this.#server.nowMs < this.#stalledUntilMs,
      });
      return isCommitted ? { arm: 'committed', revision } : { arm: 'conflict', revision, found };
    } catch (error) {
      if (error instanceof LeaseGoneError || (error instanceof Error && error.message.startsWith('duplicate key')))
        throw error;
      this.unknowns += 1;
      return { arm: 'unknown', cause: new StoreUnavailableError('transact', error) };
    }
  }

  grantLease(ttlSec: number, signal?: AbortSignal): Promise<LeaseId> {
    return this.#ask('grantLease', (backend) => backend.grantLease(ttlSec), signal).catch((error: unknown) => {
      this.unknowns += 1;
      throw error;
    });
  }

  async keepAlive(lease: LeaseId, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<number> {
    const { timeoutMs = 1_000, signal } = options;
    return this.#ask('keepAlive', (it) => it.keepAlive(lease), signal, { timeoutMs }).catch((error: unknown) => {
      throw error instanceof LeaseGoneError ? error : new StoreUnavailableError('keepAlive', error);
    });
  }

  revokeLease(lease: LeaseId, signal?: AbortSignal): Promise<void> {
    return this.#ask('revokeLease', (backend) => backend.revokeLease(lease), signal);
  }

  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    return this.watches.open(prefix, fromRevision, signal);
  }

  compact(revision: number): Promise<void> {
    return this.#ask('compact', (backend) => backend.compact(revision));
  }

  /** For so long the store does not get to this process's writes, as on a slow disk: it keeps leases alive and answers reads. */
  stallWrites(forMs: number): void {
    this.#stalledUntilMs = this.#server.nowMs + forMs;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Throws StoreUnavailableError when nobody answers, the signal's reason, or what the store refused with. */
  async #ask<T>(
    operation: string,
    work: (backend: MemoryBackend) => T,
    signal?: AbortSignal,
    { timeoutMs = unaryTimeoutMs, isStalled = false }: { timeoutMs?: number; isStalled?: boolean } = {},
  ): Promise<T> {
    const { epoch } = this.#server;
    const serve = (reply: (answer: Answer<T>) => void): void => {
      if (this.#server.epoch === epoch) reply(this.#serve(work));
    };
    const serveLate = (reply: (answer: Answer<T>) => void): void =>
      this.#server.later(this.#stallMs(), () => serve(reply));
    try {
      return await exchange(this.#actor, this.#link, isStalled ? serveLate : serve, { timeoutMs, signal });
    } catch (error) {
      if (error instanceof NoAnswerError) throw new StoreUnavailableError(operation, error);
      throw error;
    }
  }

  #serve<T>(work: (backend: MemoryBackend) => T): Answer<T> {
    try {
      return { value: this.#server.as(this.#actor.name, work) };
    } catch (error) {
      if (error instanceof LeaseGoneError || error instanceof CompactedError) return { error };
      if (error instanceof Error && error.message.startsWith('duplicate key')) return { error };
      throw error;
    }
  }

  /** What is stalled is served when the stall is over, in whatever order. */
  #stallMs(): number {
    return this.#stalledUntilMs - this.#server.nowMs + this.#actor.random.unit() * stallSpreadMs;
  }

  #trip(): void {
    const trip = this.atNextWrite;
    this.atNextWrite = undefined;
    trip?.();
  }
}
