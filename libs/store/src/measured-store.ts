/** A store that tells how long each call took and how it ended; it changes nothing of the call. */
import type { Clock } from '@wgcni/base';
import {
  CompactedError,
  LeaseGoneError,
  StoreRefusedError,
  StoreUnavailableError,
  type LeaseId,
  type RangeOptions,
  type RangePage,
  type Store,
  type StoredKey,
  type Transaction,
  type TransactionOutcome,
  type WatchBatch,
} from './port.ts';

export type StoreOperation = Exclude<keyof Store, 'watch' | 'close'>;

/** `aborted`: whoever asked gave up; `failed`: for a reason that the port does not know. */
export type StoreOutcome =
  'ok' | 'conflict' | 'unknown' | 'unavailable' | 'refused' | 'lease-gone' | 'compacted' | 'aborted' | 'failed';

export interface StoreCall {
  operation: StoreOperation;
  outcome: StoreOutcome;
  ms: number;
}

export class MeasuredStore implements Store {
  readonly #store: Store;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #told: (call: StoreCall) => void;

  constructor(store: Store, clock: Pick<Clock, 'monotonicMs'>, told: (call: StoreCall) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#told = told;
  }

  get(key: string, signal?: AbortSignal): Promise<{ item: StoredKey | undefined; revision: number }> {
    return this.#measure('get', signal, () => this.#store.get(key, signal));
  }

  range(prefix: string, options?: RangeOptions): Promise<RangePage> {
    return this.#measure('range', options?.signal, () => this.#store.range(prefix, options));
  }

  transact(transaction: Transaction, signal?: AbortSignal): Promise<TransactionOutcome> {
    const outcomes = { committed: 'ok', conflict: 'conflict', unknown: 'unknown' } as const;
    const call = (): Promise<TransactionOutcome> => this.#store.transact(transaction, signal);
    return this.#measure('transact', signal, call, ({ arm }) => outcomes[arm]);
  }

  grantLease(ttlSec: number, signal?: AbortSignal): Promise<LeaseId> {
    return this.#measure('grantLease', signal, () => this.#store.grantLease(ttlSec, signal));
  }

  keepAlive(lease: LeaseId, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<number> {
    return this.#measure('keepAlive', options?.signal, () => this.#store.keepAlive(lease, options));
  }

  revokeLease(lease: LeaseId, signal?: AbortSignal): Promise<void> {
    return this.#measure('revokeLease', signal, () => this.#store.revokeLease(lease, signal));
  }

  /** Lasts as long as it goes well: how long says nothing. */
  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    return this.#store.watch(prefix, fromRevision, signal);
  }

  compact(revision: number): Promise<void> {
    return this.#measure('compact', undefined, () => this.#store.compact(revision));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #measure<T>(
    operation: StoreOperation,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
    outcomeOf: (answer: T) => StoreOutcome = () => 'ok',
  ): Promise<T> {
    const begunMs = this.#clock.monotonicMs();
    const tell = (outcome: StoreOutcome): void =>
      this.#told({ operation, outcome, ms: this.#clock.monotonicMs() - begunMs });
    try {
      const answer = await call();
      tell(outcomeOf(answer));
      return answer;
    } catch (error) {
      tell(signal?.aborted === true ? 'aborted' : failureOf(error));
      throw error;
    }
  }
}

function failureOf(error: unknown): StoreOutcome {
  if (error instanceof StoreUnavailableError) return 'unavailable';
  if (error instanceof StoreRefusedError) return 'refused';
  if (error instanceof LeaseGoneError) return 'lease-gone';
  return error instanceof CompactedError ? 'compacted' : 'failed';
}
