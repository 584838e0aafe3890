/** One leader key: taken while absent, bound to a lease, given back on request; followers see who holds it. */
import { backoffMs, messageOf, within, type Clock, type Log, type Random } from '@wgcni/base';
import { StoreRefusedError, type Compare, type Store, type StoredKey } from '../port.ts';
import { transactUntilKnown } from '../transact-until-known.ts';
import { LeaseSession } from './lease-session.ts';

export interface ElectionOptions {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  key: string;
  /** What the leader writes under the key. */
  value: string;
  ttlSec: number;
}

/** A term as leader. Every write of the leader carries `fence`, so that a deposed one writes nothing (design §4.2). */
export interface Leadership {
  /** Create-revision of the leader key: no two terms share one, and a later one has a greater. */
  readonly term: number;
  readonly fence: readonly Compare[];
  /** Whether this replica may still believe that it leads; synchronous, by the monotonic clock. */
  isValid(): boolean;
  /** Aborts when the term ends, however it ends. */
  readonly ended: AbortSignal;
}

const afterFailure = { firstMs: 50, maxMs: 500 };

export class Election {
  readonly #options: ElectionOptions;
  readonly #listeners = new Set<() => void>();
  #leadership: Leadership | undefined;
  #holder: StoredKey | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** The present term of this replica, or undefined while it does not lead. */
  get leadership(): Leadership | undefined {
    return this.#leadership?.isValid() === true ? this.#leadership : undefined;
  }

  /** The leader key as last seen: whoever holds it. */
  get holder(): StoredKey | undefined {
    return this.#holder;
  }

  /** Calls `listener` after every change of leadership, also of whether it can be believed in, or of the holder, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Stands for election, again and again, until the signal aborts; then resigns. One campaign at a time. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#campaign(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        // One line for all tries: a refusal stays until somebody changes it.
        const level = error instanceof StoreRefusedError && failures === 0 ? 'warn' : 'debug';
        log[level]({ cause: messageOf(error) }, 'election.failed');
        await clock.sleep(backoffMs(failures, afterFailure, random), signal).catch(() => undefined);
      }
    }
  }

  /** One session: waits for the key to be free, takes it, holds it until the session or the key goes. */
  async #campaign(signal: AbortSignal): Promise<void> {
    // A term that cannot be believed in at its first instant begins at the next answer: whoever waits for it hears of that alone.
    const onRevived = (): void => this.#tell();
    const session = await LeaseSession.open({ ...this.#options, onRevived }, signal);
    const ends = new AbortController();
    const alive = AbortSignal.any([signal, session.lost, ends.signal]);
    const keeping = session.run(AbortSignal.any([signal, ends.signal]));
    try {
      while (!alive.aborted) {
        const item = await this.#take(session, alive);
        if (item.lease === session.lease) await this.#hold(session, item, alive);
        else await this.#untilChanged(item, alive);
      }
    } finally {
      this.#setLeadership(undefined);
      ends.abort();
      await keeping;
      // A resignation must not wait for a store that is away: the lease ends by itself.
      await within(this.#options.clock, 1_000, (late) => session.close(late)).catch(() => undefined);
    }
  }

  /** Takes the key if it is free; resolves with what stands there then. A key that carries our own lease is ours (design §4.2). */
  async #take(session: LeaseSession, signal: AbortSignal): Promise<StoredKey> {
    const { store, clock, random, key, value, ttlSec } = this.#options;
    const transaction = {
      compare: [{ key, target: 'create', equals: 0 } as const],
      then: [{ kind: 'put', key, value, lease: session.lease } as const],
      readOnConflict: [key],
    };
    const outcome = await transactUntilKnown(store, transaction, { clock, random, deadlineMs: ttlSec * 1_000, signal });
    const item: StoredKey | undefined =
      outcome.arm === 'committed'
        ? { key, value, createRevision: outcome.revision, modRevision: outcome.revision, lease: session.lease }
        : outcome.found[0];
    if (item === undefined) throw new Error('the leader key went while it was read');
    this.#setHolder(item);
    return item;
  }

  async #hold(session: LeaseSession, item: StoredKey, signal: AbortSignal): Promise<void> {
    const { key, log } = this.#options;
    const ended = new AbortController();
    // FENCE: a key that was deleted and taken again has another create-revision, and another lease.
    const fence: readonly Compare[] = [
      { key, target: 'create', equals: item.createRevision },
      { key, target: 'lease', equals: session.lease },
    ];
    const isValid = (): boolean => !ended.signal.aborted && session.isValid();
    const over = AbortSignal.any([ended.signal, signal]);
    if (over.aborted) return;
    log.info({ createRevision: item.createRevision, lease: session.lease }, 'leader.elected');
    this.#setLeadership({ term: item.createRevision, fence, isValid, ended: over });
    // At once: a call to a store that is away ends later than the term that it was made in.
    const stepDown = (): void => {
      this.#setLeadership(undefined);
      log.info({ createRevision: item.createRevision }, 'leader.stepped-down');
    };
    over.addEventListener('abort', stepDown, { once: true });
    try {
      await this.#untilChanged(item, signal);
    } finally {
      ended.abort();
    }
  }

  /** Resolves when the key is no longer this very one; lists again whenever the watch breaks. */
  async #untilChanged(item: StoredKey, signal: AbortSignal): Promise<void> {
    const { store, clock, random, key } = this.#options;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const { item: found, revision } = await store.get(key, signal);
        const now =
          found?.createRevision === item.createRevision
            ? await this.#nextHolder(item, revision, signal)
            : { holder: found };
        if (now !== undefined) return this.#setHolder(now.holder);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.log.debug({ cause: messageOf(error) }, 'election.watch-broken');
        await clock.sleep(backoffMs(failures, afterFailure, random), signal).catch(() => undefined);
      }
    }
  }

  /** Watches until the key is another one or gone; undefined when the watch ended before. */
  async #nextHolder(
    item: StoredKey,
    revision: number,
    signal: AbortSignal,
  ): Promise<{ holder: StoredKey | undefined } | undefined> {
    const { store, key } = this.#options;
    for await (const { events } of store.watch(key, revision + 1, signal)) {
      const last = events.findLast((event) => (event.kind === 'put' ? event.item.key : event.key) === key);
      const holder = last?.kind === 'put' ? last.item : undefined;
      if (last !== undefined && holder?.createRevision !== item.createRevision) return { holder };
    }
    return undefined;
  }

  #setHolder(holder: StoredKey | undefined): void {
    this.#holder = holder;
    this.#tell();
  }

  #setLeadership(leadership: Leadership | undefined): void {
    if (this.#leadership === leadership) return;
    this.#leadership = leadership;
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
