/** One lock per attachment: work on the same key waits its turn, other keys go on. */

export class KeyLocks {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Whether someone works on `key` now. */
  isHeld(key: string): boolean {
    return this.#tails.has(key);
  }

  /** Runs `task` alone for this key, after everything that asked before. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(task, task);
    const tail = result.catch(() => undefined);
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
