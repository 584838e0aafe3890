/** The store on etcd v3: raw calls on one member at a time, passing over one that does not answer. */
import { abortReason } from '@wgcni/base';
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
} from '../port.ts';
import { isAuthEnabled } from './access/auth-calls.ts';
import { isCompacted, isForbidden, isLeaseGone, isRefused, wasNeverSent } from './errors.ts';
import { firstToAnswer } from './first-to-answer.ts';
import { Member } from './members.ts';
import type { EtcdOptions } from './options.ts';
import { hangUp } from './hang-up.ts';
import { underPresentRoles } from './present-roles.ts';
import { watchMember } from './watch-stream.ts';
import { prefixEnd, toStoredKey, toTxn } from './wire.ts';

/** The next member is asked too when the first has not answered a keep-alive for so long. */
const hedgeAfterMs = 250;

export class EtcdStore implements Store {
  readonly #members: Member[];
  readonly #forget: () => void;
  /** Index of the member that answered last. */
  #current = 0;

  /** Dials on the first call. */
  constructor(options: EtcdOptions) {
    if (options.urls.length === 0) throw new RangeError('no etcd member is named');
    this.#members = options.urls.map((url) => new Member(url, options));
    this.#forget =
      options.credentials?.onChange(() => {
        for (const member of this.#members) member.renew();
      }) ?? (() => {});
  }

  async get(key: string, signal?: AbortSignal): Promise<{ item: StoredKey | undefined; revision: number }> {
    const { kvs, header } = await this.#read('get', ({ unary }) => unary.kv.range({ key: Buffer.from(key) }), signal);
    const [first] = kvs;
    return { item: first === undefined ? undefined : toStoredKey(first), revision: Number(header.revision) };
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangePage> {
    const { revision, limit, after, keysOnly, signal } = options;
    const request = {
      // The first key after `after` is `after` and a zero byte.
      key: Buffer.from(after === undefined ? prefix : `${after}\0`),
      range_end: prefixEnd(prefix),
      ...(revision === undefined ? {} : { revision: String(revision) }),
      ...(limit === undefined ? {} : { limit: String(limit) }),
      ...(keysOnly === true ? { keys_only: true } : {}),
    };
    const { kvs, header, more } = await this.#read('range', ({ unary }) => unary.kv.range(request), signal);
    return { items: kvs.map(toStoredKey), revision: Number(header.revision), more };
  }

  async transact(transaction: Transaction, signal?: AbortSignal): Promise<TransactionOutcome> {
    const request = toTxn(transaction);
    for (let tried = 1; ; tried += 1) {
      const member = this.#member();
      try {
        const { succeeded, header, responses } = await abortable(
          underPresentRoles(() => member.unary.kv.txn(request)),
          signal,
        );
        const revision = Number(header.revision);
        if (succeeded) return { arm: 'committed', revision };
        return {
          arm: 'conflict',
          revision,
          found: responses.flatMap(({ response_range }) => response_range?.kvs.map(toStoredKey) ?? []),
        };
      } catch (error) {
        if (isForbidden(error)) throw new StoreRefusedError('transact', error);
        if (isRefused(error)) throw error;
        if (isLeaseGone(error)) throw new LeaseGoneError('of a put');
        this.#passOver(member);
        // Only what provably was not sent may be sent to another member: anything else may have been applied.
        if (!wasNeverSent(error) || tried >= this.#members.length || signal?.aborted === true) {
          return { arm: 'unknown', cause: new StoreUnavailableError('transact', error) };
        }
      }
    }
  }

  async grantLease(ttlSec: number, signal?: AbortSignal): Promise<LeaseId> {
    // A lease that was granted without an answer ends by itself.
    const { ID } = await this.#read(
      'grantLease',
      ({ lease }) => lease.leaseClient.leaseGrant({ TTL: String(ttlSec) }),
      signal,
    );
    return ID;
  }

  async keepAlive(lease: LeaseId, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<number> {
    const { timeoutMs = 1_000, signal = new AbortController().signal } = options;
    const order = [...this.#members.slice(this.#current), ...this.#members.slice(0, this.#current)];
    const { answer, from } = await firstToAnswer(order, (member, aborting) => keepAliveOnce(member, lease, aborting), {
      hedgeAfterMs,
      timeoutMs,
      signal,
    }).catch((cause: unknown) => {
      if (cause instanceof LeaseGoneError) throw cause;
      throw isForbidden(cause)
        ? new StoreRefusedError('keepAlive', cause)
        : new StoreUnavailableError('keepAlive', cause);
    });
    this.#current = this.#members.indexOf(from);
    return answer;
  }

  async revokeLease(lease: LeaseId, signal?: AbortSignal): Promise<void> {
    await this.#read(
      'revokeLease',
      (member) =>
        member.lease.leaseClient.leaseRevoke({ ID: lease }).catch((error: unknown) => {
          if (!isLeaseGone(error)) throw error;
        }),
      signal,
    );
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    const member = this.#member();
    const client = member.enterWatch();
    try {
      yield* watchMember({ watch: client }, prefix, fromRevision, signal);
    } catch (error) {
      if (error instanceof CompactedError || error instanceof StoreRefusedError) throw error;
      this.#passOver(member);
      throw error instanceof StoreUnavailableError ? error : new StoreUnavailableError('watch', error);
    } finally {
      member.leaveWatch(client);
    }
  }

  async compact(revision: number): Promise<void> {
    await this.#read('compact', ({ unary }) => unary.kv.compact({ revision: String(revision) }));
  }

  /** Whether etcd asks nobody who they are: then everybody who reaches it may do anything. */
  async isOpen(signal?: AbortSignal): Promise<boolean> {
    return !(await this.#read('isOpen', ({ unary }) => isAuthEnabled(unary.auth), signal));
  }

  async close(): Promise<void> {
    this.#forget();
    for (const member of this.#members) member.close();
    await Promise.resolve();
  }

  /** Asks members in turn until one answers; for what is safe to repeat. */
  async #read<T>(operation: string, call: (member: Member) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let cause: unknown;
    for (let tried = 0; tried < this.#members.length; tried += 1) {
      const member = this.#member();
      try {
        return await abortable(
          underPresentRoles(() => call(member)),
          signal,
        );
      } catch (error) {
        signal?.throwIfAborted();
        if (isCompacted(error)) throw new CompactedError(0);
        if (isForbidden(error)) throw new StoreRefusedError(operation, error);
        if (isRefused(error)) throw error;
        this.#passOver(member);
        cause = error;
      }
    }
    throw new StoreUnavailableError(operation, cause);
  }

  #member(): Member {
    return this.#members[this.#current] as Member;
  }

  /** Unless another call has moved on already. */
  #passOver(member: Member): void {
    if (this.#member() === member) this.#current = (this.#current + 1) % this.#members.length;
  }
}

/** One keep-alive on a stream of its own. etcd answers a lease that is gone with TTL 0. */
async function keepAliveOnce(member: Member, lease: LeaseId, signal: AbortSignal): Promise<number> {
  const stream = await member.lease.leaseClient.leaseKeepAlive();
  try {
    return await new Promise<number>((resolve, reject) => {
      const onAbort = (): void => reject(abortReason(signal));
      signal.addEventListener('abort', onAbort, { once: true });
      stream.on('data', ({ TTL }) => (Number(TTL) > 0 ? resolve(Number(TTL)) : reject(new LeaseGoneError(lease))));
      stream.on('error', reject);
      stream.on('end', () => reject(new Error('the keep-alive stream ended')));
      if (signal.aborted) onAbort();
      else stream.write({ ID: lease });
    });
  } finally {
    // An error that arrives after the answer is of no interest, but must have a listener.
    stream.on('error', () => {});
    hangUp(stream);
  }
}

/** The same promise, or a rejection as soon as the signal aborts. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortReason(signal));
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
