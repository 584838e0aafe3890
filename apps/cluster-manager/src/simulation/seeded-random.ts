/** Randomness that replays: one stream of numbers per seed and name, so that one part's draws do not move another's. */
import type { Random } from '@wgcni/base';

export class SeededRandom implements Random {
  #state: number;

  /** Streams of one seed and different names have nothing to do with each other. */
  constructor(seed: number, name = '') {
    let hash = (seed ^ 0x9e3779b9) >>> 0;
    for (let index = 0; index < name.length; index += 1)
      hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
    this.#state = hash;
    this.unit();
  }

  /** Mulberry32. */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.int(0, 255));
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  /** True `percent` times of a hundred. */
  chance(percent: number): boolean {
    return this.unit() * 100 < percent;
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.int(0, choices.length - 1)];
    if (chosen === undefined) throw new RangeError('there is nothing to pick from');
    return chosen;
  }
}
