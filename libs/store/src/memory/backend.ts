/** An etcd in memory: revisions, transactions, leases, history and compaction, as the real one has them. */
import type { Clock } from '@wgcni/base';
import {
  CompactedError,
  LeaseGoneError,
  type Compare,
  type LeaseId,
  type RangeOptions,
  type RangePage,
  type StoredKey,
  type Transaction,
  type WatchBatch,
  type WatchEvent,
  type Write,
} from '../port.ts';
import { Versions } from './versions.ts';

interface Lease {
  ttlMs: number;
  expiresAt: number;
}

/** Told of each batch as it is committed; of nothing when a snapshot was restored. */
export type ChangeListener = (batch: WatchBatch | undefined) => void;

/** Shared by any number of `MemoryStore` clients. Leases end on the given clock. */
export class MemoryBackend {
  readonly #clock: Clock;
  #versions = new Versions();
  #history: WatchBatch[] = [];
  #leases = new Map<LeaseId, Lease>();
  #revision = 1;
  #compacted = 0;
  #nextLease = 1;
  readonly #listeners = new Set<ChangeListener>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The leases that live, each with its granted seconds and the keys that are bound to it. */
  leases(): { lease: LeaseId; ttlSec: number; keys: string[] }[] {
    this.expireLeases();
    return [...this.#leases].map(([lease, { ttlMs }]) => ({
      lease,
      ttlSec: ttlMs / 1_000,
      keys: this.#versions.boundTo(lease),
    }));
  }

  get(key: string): StoredKey | undefined {
    this.expireLeases();
    return this.#versions.newest(key);
  }

  range(prefix: string, options: RangeOptions): RangePage {
    this.expireLeases();
    return this.#versions.page(prefix, options, this.#revision, this.#compacted);
  }

  /** The conflict arm reads in the same step. Throws LeaseGoneError as etcd refuses a put on a lease that is gone. */
  transact({ compare, then, readOnConflict = [] }: Transaction): {
    isCommitted: boolean;
    revision: number;
    found: StoredKey[];
  } {
    this.expireLeases();
    refuseDuplicates(then);
    if (compare.every((condition) => this.#holds(condition))) {
      this.#write(then);
      return { isCommitted: true, revision: this.#revision, found: [] };
    }
    return {
      isCommitted: false,
      revision: this.#revision,
      found: readOnConflict.flatMap((key) => this.#versions.newest(key) ?? []),
    };
  }

  grantLease(ttlSec: number): LeaseId {
    const lease = String(this.#nextLease);
    this.#nextLease += 1;
    const ttlMs = Math.max(2, ttlSec) * 1_000;
    this.#leases.set(lease, { ttlMs, expiresAt: this.#clock.monotonicMs() + ttlMs });
    return lease;
  }

  keepAlive(id: LeaseId): number {
    this.expireLeases();
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new LeaseGoneError(id);
    lease.expiresAt = this.#clock.monotonicMs() + lease.ttlMs;
    return lease.ttlMs / 1_000;
  }

  revokeLease(id: LeaseId): void {
    this.#leases.delete(id);
    const keys = this.#versions.boundTo(id);
    if (keys.length > 0) this.#write(keys.map((key) => ({ kind: 'delete', key })));
  }

  /** Ends the leases whose time is over; every operation does so first, a test's clock may do so between. */
  expireLeases(): void {
    const now = this.#clock.monotonicMs();
    for (const [id, { expiresAt }] of this.#leases) if (expiresAt <= now) this.revokeLease(id);
  }

  /** Throws CompactedError for what was compacted before. */
  compact(revision: number): void {
    if (revision <= this.#compacted) throw new CompactedError(this.#compacted);
    this.#compacted = revision;
    this.#history = this.#history.filter((batch) => batch.revision > revision);
  }

  /** Batches from `revision` on, as far as history goes. Throws CompactedError. */
  since(revision: number): WatchBatch[] {
    this.expireLeases();
    if (revision <= this.#compacted) throw new CompactedError(this.#compacted);
    return this.#history.filter((batch) => batch.revision >= revision);
  }

  /** Calls `listener` after every change until the returned function is called. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Everything as it is now, to be given to `restore`: etcd's snapshot. */
  snapshot(): () => void {
    const items = this.#versions.page('', {}, this.#revision, 0).items;
    const leases = new Map([...this.#leases].map(([id, lease]) => [id, { ...lease }]));
    const revision = this.#revision;
    return () => {
      this.#versions = new Versions();
      for (const item of items) this.#versions.set(item.key, item.modRevision, item);
      this.#leases = new Map(
        [...leases].map(([id, lease]) => [id, { ...lease, expiresAt: this.#clock.monotonicMs() + lease.ttlMs }]),
      );
      this.#history = [];
      this.#revision = revision;
      this.#compacted = revision;
      this.#notify(undefined);
    };
  }

  #holds(condition: Compare): boolean {
    const item = this.#versions.newest(condition.key);
    switch (condition.target) {
      case 'create':
        return (item?.createRevision ?? 0) === condition.equals;
      case 'mod':
        return (item?.modRevision ?? 0) === condition.equals;
      case 'lease':
        return (item?.lease ?? '0') === condition.equals;
      case 'value':
        return item !== undefined && item.value === condition.equals;
    }
  }

  #write(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'put' && write.lease !== undefined && write.lease !== '0' && !this.#leases.has(write.lease))
        throw new LeaseGoneError(write.lease);
    }
    const revision = this.#revision + 1;
    const events = writes.flatMap((write) => this.#apply(write, revision));
    if (events.length === 0) return;
    this.#revision = revision;
    const batch = { revision, events };
    this.#history.push(batch);
    this.#notify(batch);
  }

  /** A delete of what is not there is no event. */
  #apply(write: Write, revision: number): WatchEvent[] {
    const before = this.#versions.newest(write.key);
    if (write.kind === 'delete') {
      if (before === undefined) return [];
      this.#versions.set(write.key, revision, undefined);
      return [{ kind: 'delete', key: write.key, modRevision: revision }];
    }
    const createRevision = before?.createRevision ?? revision;
    const item: StoredKey = {
      key: write.key,
      value: write.value,
      createRevision,
      modRevision: revision,
      lease: write.lease ?? '0',
    };
    this.#versions.set(write.key, revision, item);
    return [{ kind: 'put', item }];
  }

  #notify(batch: WatchBatch | undefined): void {
    for (const listener of [...this.#listeners]) listener(batch);
  }
}

/** A key is put once, and not deleted beside; deleted twice it may be. Said of the request, whatever it compares. */
function refuseDuplicates(writes: readonly Write[]): void {
  const puts = writes.filter(({ kind }) => kind === 'put').map(({ key }) => key);
  const isDouble = (key: string): boolean => writes.filter((write) => write.key === key).length > 1;
  if (puts.some(isDouble)) throw new Error('duplicate key given in txn request');
}
