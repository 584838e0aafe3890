/** Numbers 0 … size − 1 given out longest unused first: those never given in order, then those given back, oldest first. */
import { FifoSet } from './fifo-set.ts';

/** Nothing is enumerated: memory and time follow what is taken, not the size of the range. */
export class LongestUnused {
  readonly #size: bigint;
  readonly #isReserved: (index: bigint) => boolean;
  readonly #reservedCount: bigint;
  readonly #taken = new Set<bigint>();
  readonly #returned = new FifoSet();
  /** Everything below was given at least once, or is reserved. */
  #next = 0n;

  /** `reservedCount` is the number of indexes below `size` for which `isReserved` holds. */
  constructor(size: bigint, reservedCount: bigint, isReserved: (index: bigint) => boolean) {
    this.#size = size;
    this.#reservedCount = reservedCount;
    this.#isReserved = isReserved;
  }

  get takenCount(): number {
    return this.#taken.size;
  }

  get freeCount(): bigint {
    return this.#size - this.#reservedCount - BigInt(this.#taken.size);
  }

  isTaken(index: bigint): boolean {
    return this.#taken.has(index);
  }

  /** The longest unused index, now taken; undefined, at once, when none is free. */
  take(): bigint | undefined {
    if (this.freeCount === 0n) return undefined;
    while (this.#next < this.#size && this.#isPassed(this.#next)) this.#next += 1n;
    const index = this.#next < this.#size ? this.#next : this.#returned.shift();
    if (index !== undefined) this.#taken.add(index);
    return index;
  }

  /** Takes this very index; false when it is taken already. The caller has checked range and reservation. */
  takeExactly(index: bigint): boolean {
    if (this.#taken.has(index)) return false;
    this.#returned.delete(index);
    this.#taken.add(index);
    return true;
  }

  /** Gives an index back as the most recently used; false when it was not taken. */
  giveBack(index: bigint): boolean {
    if (!this.#taken.delete(index)) return false;
    this.#returned.append(index);
    return true;
  }

  #isPassed(index: bigint): boolean {
    return this.#taken.has(index) || this.#returned.has(index) || this.#isReserved(index);
  }
}
