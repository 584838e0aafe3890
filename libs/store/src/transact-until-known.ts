/** Settles an unknown answer by repeating the very same transaction until an arm is known (design §4.4). */
import { backoffMs, type Clock, type Random } from '@wgcni/base';
import { StoreRefusedError, StoreUnavailableError, type Store, type StoredKey, type Transaction } from './port.ts';

export type KnownOutcome =
  { arm: 'committed'; revision: number } | { arm: 'conflict'; revision: number; found: StoredKey[] };

export interface UntilKnownOptions {
  clock: Clock;
  random: Random;
  /** Milliseconds after which an answer that is still unknown is given up. */
  deadlineMs: number;
  signal?: AbortSignal;
}

const unknownOutcome = 'a transaction, whose outcome is unknown';
const betweenTries = { firstMs: 50, maxMs: 1_000 };

/**
 * The transaction must rewrite what it compares, so that it commits at most once. After an unknown answer a conflict may be our own
 * earlier success: the caller recognises its grant id in `found`. Throws StoreUnavailableError when the deadline passes first: the
 * outcome is unknown then; so it is when a later try is refused. A StoreRefusedError says for sure that nothing was applied.
 */
export async function transactUntilKnown(
  store: Store,
  transaction: Transaction,
  options: UntilKnownOptions,
): Promise<KnownOutcome> {
  const { clock, random, deadlineMs, signal } = options;
  const until = clock.monotonicMs() + deadlineMs;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await store.transact(transaction, signal).catch((error: unknown) => {
      // That this try was refused says nothing of the ones before.
      if (attempt > 0 && error instanceof StoreRefusedError) throw new StoreUnavailableError(unknownOutcome, error);
      throw error;
    });
    if (outcome.arm !== 'unknown') return outcome;
    const waitMs = backoffMs(attempt, betweenTries, random);
    if (clock.monotonicMs() + waitMs > until) throw new StoreUnavailableError(unknownOutcome, outcome.cause);
    await clock.sleep(waitMs, signal);
  }
}
