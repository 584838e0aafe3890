/** Who waits for the next change of the view. */

export class NextChange {
  readonly #waiting = new Set<() => void>();

  /** Wakes all who wait. */
  tell(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves when it is told of the next time. Rejects when the signal aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (then: () => void) => (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', stop);
        then();
      };
      const wake = settle(resolve);
      const stop = settle(() =>
        reject(new Error('the view of the store did not catch up in time', { cause: signal.reason })),
      );
      this.#waiting.add(wake);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
  }
}
