/** Runs tasks one after another: the single writer of a device or a registry. */

export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `task` after everything queued before it; a failed task does not stop the next. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task, task);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
