/** A lease that is kept alive, and the instant until which its holder may believe in it. */
import { messageOf, type Clock, type Log } from '@wgcni/base';
import { LeaseGoneError, type LeaseId, type Store } from '../port.ts';

export interface LeaseSessionOptions {
  store: Store;
  clock: Clock;
  log: Log;
  /** Seconds; etcd grants no less than 2. */
  ttlSec: number;
  /** Called when the session may be believed in again that could not be for a moment, as after a process that stood still: nothing else tells of it. */
  onRevived?: () => void;
}

/** The longest that one keep-alive may take. */
const keepAliveTimeoutMs = 1_000;

export class LeaseSession {
  readonly lease: LeaseId;
  readonly #options: LeaseSessionOptions;
  readonly #lost = new AbortController();
  #validUntil: number;

  private constructor(options: LeaseSessionOptions, lease: LeaseId, sentAt: number) {
    this.#options = options;
    this.lease = lease;
    this.#validUntil = sentAt + believableMs(options.ttlSec);
  }

  /** Grants a lease. Throws StoreUnavailableError. */
  static async open(options: LeaseSessionOptions, signal?: AbortSignal): Promise<LeaseSession> {
    const sentAt = options.clock.monotonicMs();
    const lease = await options.store.grantLease(options.ttlSec, signal);
    return new LeaseSession(options, lease, sentAt);
  }

  /** Aborts when the session may no longer be believed in. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether the lease certainly lives: the *send* time of the last answered keep-alive is less than 2/3 TTL ago (design §4.3). */
  isValid(): boolean {
    return !this.#lost.signal.aborted && this.#options.clock.monotonicMs() < this.#validUntil;
  }

  /** Keeps the lease alive each TTL/4 until the signal aborts or the session is lost. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, ttlSec } = this.#options;
    const pauseMs = (ttlSec * 1_000) / 4;
    const over = AbortSignal.any([signal, this.lost]);
    while (!signal.aborted && !this.#lost.signal.aborted) {
      const startedAt = clock.monotonicMs();
      const isKept = await this.#keepAlive(signal);
      if (!this.isValid()) this.#lose('deadline');
      // A try that failed is repeated soon, while the lease still lives.
      const restMs = (isKept ? pauseMs : Math.min(pauseMs, 200)) - (clock.monotonicMs() - startedAt);
      const leftMs = this.#validUntil - clock.monotonicMs();
      await clock.sleep(Math.max(0, Math.min(restMs, leftMs)), over).catch(() => undefined);
    }
  }

  /** Ends the lease; the keys bound to it go at once. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#lose('closed');
    await this.#options.store.revokeLease(this.lease, signal);
  }

  async #keepAlive(signal: AbortSignal): Promise<boolean> {
    const { store, clock, ttlSec, log, onRevived } = this.#options;
    const sentAt = clock.monotonicMs();
    try {
      await store.keepAlive(this.lease, { timeoutMs: Math.min(keepAliveTimeoutMs, (ttlSec * 1_000) / 4), signal });
      const wasValid = this.isValid();
      this.#validUntil = sentAt + believableMs(ttlSec);
      if (!wasValid && this.isValid()) onRevived?.();
      return true;
    } catch (error) {
      if (error instanceof LeaseGoneError) this.#lose('gone');
      else if (!signal.aborted) log.debug({ lease: this.lease, cause: messageOf(error) }, 'lease.keepalive-failed');
      return false;
    }
  }

  #lose(why: 'deadline' | 'gone' | 'closed'): void {
    if (this.#lost.signal.aborted) return;
    this.#options.log.debug({ lease: this.lease, why }, 'lease.lost');
    this.#lost.abort(new Error(`the lease session was lost: ${why}`));
  }
}

function believableMs(ttlSec: number): number {
  return (ttlSec * 1_000 * 2) / 3;
}
