/** Numbers 0 … size − 1 given out longest unused first: those never given in order, then those given back, oldest first. */
import { FifoSet } from './fifo-set.ts';
import { mergeRanges, rangeOf, rangesSize, type Range } from './ranges.ts';

/**
 * How many numbers may wait before the oldest of them is given in place of one that was never given. Without a bound the memory of a process that
 * churns through a /64 would grow for ever; no IPv4 subnet up to a /16 ever meets it.
 */
const longestQueue = 65_536;

/**
 * Nothing is enumerated: memory and time follow what was given, not the size of the range, and reserved ranges are jumped over. Each
 * operation takes constant time, amortised: every number that is taken ahead of its turn is passed over once.
 */
export class LongestUnused {
  readonly #size: bigint;
  readonly #reserved: readonly Range[];
  readonly #reservedCount: bigint;
  readonly #queueLimit: number;
  readonly #taken = new Set<bigint>();
  readonly #returned = new FifoSet();
  /** Everything below was given at least once, or is reserved. */
  #frontier = 0n;

  /** Numbers of `reserved` ranges, which lie inside 0 … size − 1, are never given. */
  constructor(size: bigint, reserved: readonly Range[] = [], queueLimit = longestQueue) {
    this.#size = size;
    this.#reserved = mergeRanges(reserved);
    this.#reservedCount = rangesSize(this.#reserved);
    this.#queueLimit = queueLimit;
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

  isReserved(index: bigint): boolean {
    return rangeOf(this.#reserved, index) !== undefined;
  }

  /** The longest unused number, which stays free; undefined, at once, when none is free. */
  next(): bigint | undefined {
    if (this.freeCount === 0n) return undefined;
    if (this.#returned.size >= this.#queueLimit) return this.#returned.oldest;
    this.#passOver();
    return this.#frontier < this.#size ? this.#frontier : this.#returned.oldest;
  }

  /** Takes the number that `next` names. */
  take(): bigint | undefined {
    const index = this.next();
    if (index !== undefined) this.takeExactly(index);
    return index;
  }

  /** Takes this very number; false when it is taken or reserved. The caller has checked the range. */
  takeExactly(index: bigint): boolean {
    if (this.#taken.has(index) || this.isReserved(index)) return false;
    this.#returned.delete(index);
    this.#taken.add(index);
    return true;
  }

  /** Gives a number back as the most recently used; false when it was not taken. */
  giveBack(index: bigint): boolean {
    if (!this.#taken.delete(index)) return false;
    this.#returned.append(index);
    return true;
  }

  /** Moves the frontier to the first number that was never given, or to the end. */
  #passOver(): void {
    while (this.#frontier < this.#size) {
      const range = rangeOf(this.#reserved, this.#frontier);
      if (range !== undefined) this.#frontier = range.last + 1n;
      else if (this.#taken.has(this.#frontier) || this.#returned.has(this.#frontier)) this.#frontier += 1n;
      else return;
    }
  }
}
