/** The port to the replicated store: what this project needs of etcd v3, no more. */
import { messageOf } from '@wgcni/base';

/** One key as the store holds it. Revisions are etcd's, below 2^53. */
export interface StoredKey {
  key: string;
  value: string;
  createRevision: number;
  modRevision: number;
  /** Lease that the key is bound to, as decimal text; `'0'` for none. */
  lease: string;
}

/** A lease id as decimal text (64 bits do not fit a number). */
export type LeaseId = string;

/** A condition on one key; an absent key has revision 0 and lease '0'. */
export type Compare =
  | { key: string; target: 'create'; equals: number }
  | { key: string; target: 'mod'; equals: number }
  | { key: string; target: 'lease'; equals: LeaseId }
  | { key: string; target: 'value'; equals: string };

export type Write = { kind: 'put'; key: string; value: string; lease?: LeaseId } | { kind: 'delete'; key: string };

export interface Transaction {
  compare: Compare[];
  then: Write[];
  /** Keys to read, in the same transaction, when a compare fails. */
  readOnConflict?: string[];
}

/**
 * The three answers. `unknown`: the request may or may not have been applied (timeout, lost connection);
 * it is settled only by repeating the same transaction until an arm is known (design §4.4).
 */
export type TransactionOutcome =
  | { arm: 'committed'; revision: number }
  | { arm: 'conflict'; revision: number; found: StoredKey[] }
  | { arm: 'unknown'; cause: Error };

export interface RangePage {
  items: StoredKey[];
  /** Revision of the store at which this was read. */
  revision: number;
  more: boolean;
}

export interface RangeOptions {
  /** Read as of this revision; default the newest, linearizable. */
  revision?: number;
  limit?: number;
  /** Start after this key (exclusive), for paging. */
  after?: string;
  keysOnly?: boolean;
  signal?: AbortSignal;
}

export type WatchEvent = { kind: 'put'; item: StoredKey } | { kind: 'delete'; key: string; modRevision: number };

/** Everything of one revision arrives in one batch, which may hold several; an empty batch is a progress notice that the watch is alive and caught up to `revision`. */
export interface WatchBatch {
  revision: number;
  events: WatchEvent[];
}

/** The watched revision was compacted away: list again. */
export class CompactedError extends Error {
  readonly compactRevision: number;
  constructor(compactRevision: number) {
    super(`the watched revision was compacted; the oldest available is ${compactRevision}`);
    this.name = 'CompactedError';
    this.compactRevision = compactRevision;
  }
}

/** The lease does not exist (any more). */
export class LeaseGoneError extends Error {
  constructor(lease: LeaseId) {
    super(`lease ${lease} does not exist`);
    this.name = 'LeaseGoneError';
  }
}

/** No member answered in time; a read or lease call can be tried again. */
export class StoreUnavailableError extends Error {
  constructor(operation: string, cause?: unknown) {
    super(`the store did not answer ${operation}`, { cause });
    this.name = 'StoreUnavailableError';
  }
}

/** The store knows who asks, and does not allow it. Nothing was applied, and nothing but a change of its roles or of our certificate helps. */
export class StoreRefusedError extends Error {
  constructor(operation: string, cause?: unknown) {
    super(
      `etcd does not allow ${operation} (${messageOf(cause)}): see that the common name of the certificate is a user of etcd, and run wgcni etcd setup`,
      { cause },
    );
    this.name = 'StoreRefusedError';
  }
}

/** Every call may throw StoreRefusedError too. */
export interface Store {
  /** One key, linearizable; undefined when absent. `revision` is the store's. Throws StoreUnavailableError. */
  get(key: string, signal?: AbortSignal): Promise<{ item: StoredKey | undefined; revision: number }>;
  /** One page of the keys under `prefix` (which ends in '/'), in key order. Throws StoreUnavailableError, CompactedError. */
  range(prefix: string, options?: RangeOptions): Promise<RangePage>;
  /** Never throws for a lost answer: that is `unknown`. Throws only for a request the store refuses as malformed. */
  transact(transaction: Transaction, signal?: AbortSignal): Promise<TransactionOutcome>;
  /** A new lease of `ttlSec` seconds (at least 2). */
  grantLease(ttlSec: number, signal?: AbortSignal): Promise<LeaseId>;
  /** Extends a lease; resolves with the granted seconds. Throws LeaseGoneError, StoreUnavailableError. Bounded by 1 s unless `timeoutMs` says otherwise. */
  keepAlive(lease: LeaseId, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<number>;
  /** Ends a lease and deletes its keys; a lease that is gone is fine. */
  revokeLease(lease: LeaseId, signal?: AbortSignal): Promise<void>;
  /**
   * Events under `prefix` from `fromRevision` on (inclusive). Ends by throwing: CompactedError, StoreUnavailableError (also when the
   * member went silent for longer than the progress interval or lost its leader); returns when the signal aborts.
   */
  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch>;
  /** Forgets history before `revision`. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}
