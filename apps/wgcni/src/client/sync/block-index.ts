/** PURE: blocks by what lies in them: of thousands not each is looked at for each address. */
import { type Address, type Cidr, cidrOf, lastOf } from '@wgcni/ipam';

export class BlockIndex {
  readonly #blocks = new Map<string, Cidr>();
  /** Family → the prefix lengths that there are, shortest first. */
  readonly #lengths = new Map<number, number[]>();
  /** Family → first addresses, in order. */
  readonly #bases = new Map<number, bigint[]>();

  constructor(blocks: readonly Cidr[]) {
    for (const block of blocks) this.#blocks.set(keyOf(block), block);
    const single = [...this.#blocks.values()];
    for (const family of [4, 6]) {
      const ofFamily = single.filter((block) => block.family === family);
      const lengths = new Set(ofFamily.map(({ length }) => length));
      this.#lengths.set(
        family,
        [...lengths].sort((one, other) => one - other),
      );
      this.#bases.set(
        family,
        ofFamily.map(({ base }) => base).sort((one, other) => (one < other ? -1 : 1)),
      );
    }
  }

  /** The blocks that contain the address, the widest first. */
  around(address: Address): Cidr[] {
    const lengths = this.#lengths.get(address.family) ?? [];
    return lengths.flatMap((length) => this.#blocks.get(keyOf(cidrOf(address, length))) ?? []);
  }

  /** Whether a block of these shares an address with `block`. */
  overlaps(block: Cidr): boolean {
    const { family, base } = block;
    // Blocks that share an address are nested: one of these is around it, or begins inside it.
    if (this.around({ family, value: base }).length > 0) return true;
    const bases = this.#bases.get(family) ?? [];
    const next = bases[firstFrom(bases, base)];
    return next !== undefined && next <= lastOf(block);
  }
}

/** The same for the same block; cheaper than its text. */
export function keyOf({ family, base, length }: Cidr): string {
  return `${family} ${base} ${length}`;
}

/** Index of the first that is not below `value`. */
function firstFrom(sorted: readonly bigint[], value: bigint): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
