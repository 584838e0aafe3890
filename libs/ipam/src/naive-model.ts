/** What `LongestUnused` must equal, written so that it is plainly right and slow; for the property tests only. */

export class NaiveModel {
  /** Free numbers in the order in which they are to be given. */
  readonly free: bigint[];
  readonly taken = new Set<bigint>();

  constructor(size: number, reserved: ReadonlySet<bigint>) {
    this.free = Array.from({ length: size }, (_, index) => BigInt(index)).filter((index) => !reserved.has(index));
  }

  next(): bigint | undefined {
    return this.free[0];
  }

  takeExactly(index: bigint): boolean {
    const at = this.free.indexOf(index);
    if (at < 0) return false;
    this.free.splice(at, 1);
    this.taken.add(index);
    return true;
  }

  giveBack(index: bigint): boolean {
    if (!this.taken.delete(index)) return false;
    this.free.push(index);
    return true;
  }
}
