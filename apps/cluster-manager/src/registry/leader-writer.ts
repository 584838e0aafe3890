/** The leader's single writer: one change at a time, each fenced by the term, planned again when what it rests on has changed. */
import {
  backoffMs,
  CatalogueError,
  messageOf,
  SerialQueue,
  within,
  type Clock,
  type Log,
  type Random,
} from '@wgcni/base';
import {
  LeaseGoneError,
  StoreRefusedError,
  StoreUnavailableError,
  transactUntilKnown,
  type KnownOutcome,
  type LeaseId,
  type Leadership,
  type Store,
  type Transaction,
} from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';

export interface WriterDeps {
  store: Store;
  state: ClusterState;
  clock: Clock;
  random: Random;
  log: Log;
  /** The present term of this replica, or undefined. */
  leadership: () => Leadership | undefined;
}

/** What one try of a change comes to: a transaction to commit (without the fence), or a result when nothing is to be written. */
export type Try<T> = { transaction: Transaction; leases?: LeasesAtStake; result: T } | { result: T };

/** Leases that would go on for days with no key bound to them. */
export interface LeasesAtStake {
  /** Granted for this transaction, each for a tombstone, a token or a client's life: they end when it does not commit. */
  granted: LeaseId[];
  /** Of keys that it replaces or deletes: they end when it commits. */
  left: LeaseId[];
}

/** How often a change is planned again after a conflict. */
const mostTries = 8;
/** How long an answer may stay unknown, and how long our own view may lag behind the store. */
const patienceMs = 8_000;
/** What is open with nobody waiting for it is tried for so long, and after a pause again: the next change is not to wait for it twice. */
const settling = { deadlineMs: 1_000, pauseMs: 1_000 };
/** How often a lease that is of no use is tried to be ended once more, and after which delays. */
const mostRevocations = 8;
const revocations = { firstMs: 500, maxMs: 8_000 };

export class LeaderWriter {
  readonly deps: WriterDeps;
  readonly #queue = new SerialQueue();
  /** The last change, where it is not known whether it was made; with the term by which it is fenced, and what is to end then. */
  #open: { term: number; transaction: Transaction; leases: LeasesAtStake | undefined } | undefined;
  /** Called when there is something open. */
  #tellOpen: () => void = () => {};

  constructor(deps: WriterDeps) {
    this.deps = deps;
  }

  /**
   * Plans a change from the newest view and commits it. `plan` is called again after a conflict, and must then find its own earlier success if there
   * was one. Throws CatalogueError: what `plan` throws, `leader.absent` when this replica does not lead, `outcome.unknown`, `store.conflict`;
   * StoreRefusedError.
   */
  change<T>(plan: () => Promise<Try<T>>): Promise<T> {
    return this.#queue.run(async () => {
      const term = this.#term();
      await this.#caughtUp(term.term);
      await this.#settle(term);
      for (let tries = 0; tries < mostTries; tries += 1) {
        const planned = await plan();
        if (!('transaction' in planned)) return planned.result;
        if (await this.#commit(term, planned.transaction, planned.leases)) return planned.result;
      }
      throw new CatalogueError('store.conflict', 'the records kept changing while this was planned', {
        remedy: 'try again',
      });
    });
  }

  /** Settles what is open until the term ends, be it of an earlier one: where nothing else is changed, its leases would go on for days. */
  async run(term: AbortSignal): Promise<void> {
    const { clock, log } = this.deps;
    while (!term.aborted) {
      if (this.#open === undefined) await this.#opened(term);
      else
        await this.#queue
          .run(() => this.#settle(this.#term(), settling.deadlineMs))
          .catch((cause: unknown) => {
            log.debug({ cause: messageOf(cause) }, 'change.not-settled');
            // Rejects when the term ends.
            return clock.sleep(settling.pauseMs, term).catch(() => undefined);
          });
    }
  }

  /** Resolves when there is something open, or the term ends. */
  #opened(term: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        term.removeEventListener('abort', settle);
        this.#tellOpen = () => {};
        resolve();
      };
      this.#tellOpen = settle;
      term.addEventListener('abort', settle, { once: true });
    });
  }

  #term(): Leadership {
    const term = this.deps.leadership();
    if (term !== undefined) return term;
    throw new CatalogueError('leader.absent', 'this replica does not lead', { remedy: 'try again in a second' });
  }

  /**
   * FENCE: a change without an answer may still be made as long as its term lasts, also between the next one's plan and its commit, which may compare
   * nothing of it. So it is repeated until its arm is known (design §4.4), before anything else is planned.
   */
  async #settle(term: Leadership, deadlineMs = patienceMs): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    // Of an earlier term it is not made any more: its fence has fallen, and this view is newer.
    const outcome =
      open.term === term.term ? await this.#known(term, open.transaction, deadlineMs) : notMade(term.term);
    await this.#caughtUp(outcome.revision);
    this.#open = undefined;
    if (open.leases !== undefined) this.#endLeases(open.leases, outcome, term.ended);
  }

  async #known(term: Leadership, transaction: Transaction, deadlineMs: number): Promise<KnownOutcome> {
    const { store, state, clock, random } = this.deps;
    const options = { clock, random, deadlineMs, signal: term.ended };
    return transactUntilKnown(store, transaction, options).catch(async (cause: unknown) => {
      // What is refused now, or would bind a key to a lease that has ended, is not made any more; it may have been before.
      if (cause instanceof StoreRefusedError || cause instanceof LeaseGoneError)
        return notMade((await store.range(state.keys.network, { limit: 1, keysOnly: true })).revision);
      if (!term.isValid()) throw deposed();
      throw new CatalogueError('store.unavailable', 'it is not known yet whether the change before was made', {
        remedy: 'see that etcd has a quorum, then try again',
        cause,
      });
    });
  }

  async #commit(term: Leadership, transaction: Transaction, leases?: LeasesAtStake): Promise<boolean> {
    const { store, clock, random } = this.deps;
    // FENCE: a deposed leader's compare fails, whatever it still believes.
    const fenced = { ...transaction, compare: [...term.fence, ...transaction.compare] };
    const outcome = await transactUntilKnown(store, fenced, {
      clock,
      random,
      deadlineMs: patienceMs,
      signal: term.ended,
    }).catch((cause: unknown) => {
      if (!(cause instanceof StoreRefusedError)) {
        this.#open = { term: term.term, transaction: fenced, leases };
        this.#tellOpen();
        throw outcomeUnknown(cause);
      }
      // A refusal is an answer: nothing was applied.
      if (leases !== undefined) this.#endLeases(leases, notMade(0), term.ended);
      throw cause;
    });
    if (leases !== undefined) this.#endLeases(leases, outcome, term.ended);
    if (!term.isValid() && outcome.arm === 'conflict') throw deposed();
    await this.#caughtUp(outcome.revision);
    return outcome.arm === 'committed';
  }

  /** Nothing waits for this. Where the outcome stays unknown it is done when that is settled: a key may be bound to any of them. */
  #endLeases({ granted, left }: LeasesAtStake, { arm, revision }: KnownOutcome, signal: AbortSignal): void {
    const { state, log } = this.deps;
    const isBound = (lease: LeaseId): boolean =>
      [state.gone, state.tokens, state.clientLives].some((table) => table.isBoundTo(lease));
    const end = async (): Promise<void> => {
      await this.#caughtUp(revision);
      // FENCE: a conflict may be our own earlier success, whose answer was lost: then a tombstone, a token or a client's life hangs on what was granted, and on what was left nothing.
      const idle = arm === 'committed' ? left : [...granted, ...left].filter((lease) => !isBound(lease));
      for (const lease of idle) await this.#endLease(lease, signal);
    };
    end().catch((cause: unknown) => log.warn({ granted, left, cause: messageOf(cause) }, 'leases.not-revoked'));
  }

  /** Tries again where the store does not answer, as long as the term lasts: what is left would go on for days. */
  async #endLease(lease: LeaseId, signal: AbortSignal): Promise<void> {
    const { store, clock, random } = this.deps;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await store.revokeLease(lease);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || attempt >= mostRevocations) throw error;
        await clock.sleep(backoffMs(attempt, revocations, random), signal);
      }
    }
  }

  async #caughtUp(revision: number): Promise<void> {
    const { state, clock } = this.deps;
    if (state.revision >= revision) return;
    await within(clock, patienceMs, (signal) => state.reached(revision, signal)).catch((cause: unknown) => {
      throw new CatalogueError('store.unavailable', 'this replica cannot follow the store', {
        remedy: 'see that etcd has a quorum, then try again',
        cause,
      });
    });
  }
}

/** Or made before, and known as of `revision`: only the view can tell. */
function notMade(revision: number): KnownOutcome {
  return { arm: 'conflict', revision, found: [] };
}

function outcomeUnknown(cause: unknown): CatalogueError {
  const why = cause instanceof StoreUnavailableError ? 'etcd did not answer' : 'this replica stopped leading meanwhile';
  return new CatalogueError('outcome.unknown', `it is not known whether the change was made: ${why}`, {
    remedy: 'repeat the request: a repeat is safe',
    cause,
  });
}

function deposed(): CatalogueError {
  return new CatalogueError('leader.absent', 'this replica stopped leading before the change was made', {
    remedy: 'try again in a second',
  });
}
