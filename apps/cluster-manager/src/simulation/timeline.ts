/** Virtual time and the one queue of everything that will happen; what is due at the same instant happens in a seeded order. */
import type { SeededRandom } from './seeded-random.ts';

export interface Happening {
  readonly atMs: number;
  isCancelled: boolean;
}

interface Queued extends Happening {
  order: number;
  run: () => void;
}

export class Timeline {
  readonly #random: SeededRandom;
  /** A binary heap: the next one first. */
  readonly #heap: Queued[] = [];
  #nowMs = 0;
  #steps = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How much has happened so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Lets `run` happen in `delayMs`; cancel it by the mark on what is returned. */
  after(delayMs: number, run: () => void): Happening {
    const queued = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#random.unit(), run, isCancelled: false };
    this.#push(queued);
    return queued;
  }

  /** One thing after the other until `endMs`; after each, all that follows from it without waiting has been done when `look` is called. */
  async run(endMs: number, look: () => void): Promise<void> {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#pop();
      if (next.isCancelled) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#steps += 1;
      next.run();
      await everythingDone();
      look();
    }
    this.#nowMs = endMs;
  }

  #push(queued: Queued): void {
    const heap = this.#heap;
    let index = heap.push(queued) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, queued)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = queued;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
      const least = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (least === undefined || isBefore(last, least)) break;
      heap[index] = least;
      index = least === left ? 2 * index + 1 : 2 * index + 2;
    }
    heap[index] = last;
  }
}

function isBefore(one: Queued, other: Queued): boolean {
  return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
}

/** Node's tick queue is served when no promise is left to go on: cheaper than a turn of the event loop. */
function everythingDone(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
