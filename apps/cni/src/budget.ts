/** How long one call may take, counted from the start of the process: what is spent before main counts too. */

export class Budget {
  readonly #limitMs: number;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** What is left in milliseconds, at least 1, so that it can always be given on. */
  remainingMs(): number {
    // performance.now() is zero when the process starts.
    return Math.max(1, Math.floor(this.#limitMs - performance.now()));
  }

  /** Aborts when `share` (0 to 1) of what is left now has passed. */
  signal(share = 1): AbortSignal {
    return AbortSignal.timeout(Math.max(1, Math.floor(this.remainingMs() * share)));
  }
}
