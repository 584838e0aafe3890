/** The pools of a network: subnets cut from CIDRs of either family, longest unused first. */
import { CatalogueError } from '@wgcni/base';
import { widthOf, type Family } from './address.ts';
import { mergeRanges, rangesSize, type Range } from './ranges.ts';
import { containsCidr, formatCidr, lastOf, overlaps, sameCidr, type Cidr } from './cidr.ts';
import { LongestUnused } from './longest-unused.ts';

/** A CIDR that subnets of one length are cut from. */
export interface Pool {
  cidr: Cidr;
  prefixLength: number;
}

export type SubnetTaking =
  | { kind: 'given'; subnet: Cidr }
  | { kind: 'taken'; subnet: Cidr }
  /** In no pool, of another length than its pool's, or overlapping a reserved range. */
  | { kind: 'foreign'; subnet: Cidr };

interface PoolState extends Pool {
  indexes: LongestUnused;
}

export class SubnetPool {
  readonly #pools: PoolState[] = [];
  readonly #reserved: readonly Cidr[];

  /** Ranges in `reserved` are never cut. Throws as `grow` does. */
  constructor(pools: readonly Pool[], reserved: readonly Cidr[] = []) {
    this.#reserved = reserved;
    for (const pool of pools) this.grow(pool);
  }

  get pools(): readonly Pool[] {
    return this.#pools.map(({ cidr, prefixLength }) => ({ cidr, prefixLength }));
  }

  /** Adds a pool while others are in use. Throws CatalogueError `pool.overlap` naming both. */
  grow(pool: Pool): void {
    const other = this.#pools.find(({ cidr }) => overlaps(cidr, pool.cidr));
    if (other !== undefined) {
      throw new CatalogueError(
        'pool.overlap',
        `pool ${formatCidr(pool.cidr)} overlaps pool ${formatCidr(other.cidr)}`,
        {
          field: 'pool',
          remedy: 'choose a range that shares no address with the pools that exist',
        },
      );
    }
    const count = 1n << BigInt(pool.prefixLength - pool.cidr.length);
    const blocked = mergeRanges(
      this.#reserved.filter((range) => overlaps(range, pool.cidr)).map((range) => blockedIndexes(pool, range)),
    );
    const isReserved = (index: bigint): boolean => blocked.some(({ first, last }) => index >= first && index <= last);
    this.#pools.push({ ...pool, indexes: new LongestUnused(count, rangesSize(blocked), isReserved) });
  }

  /** The longest unused subnet of the first pool of that family that has one, now taken; undefined when all are exhausted. */
  allocate(family: Family): Cidr | undefined {
    for (const pool of this.#pools.filter(({ cidr }) => cidr.family === family)) {
      const index = pool.indexes.take();
      if (index !== undefined) return subnetAt(pool, index);
    }
    return undefined;
  }

  /** Takes this very subnet. */
  take(subnet: Cidr): SubnetTaking {
    const pool = this.#stateOf(subnet);
    if (pool === undefined || this.#reserved.some((range) => overlaps(range, subnet)))
      return { kind: 'foreign', subnet };
    return { kind: pool.indexes.takeExactly(indexOf(pool, subnet)) ? 'given' : 'taken', subnet };
  }

  /** Gives a subnet back as the most recently used; false when it was not taken. */
  release(subnet: Cidr): boolean {
    const pool = this.#stateOf(subnet);
    return pool !== undefined && pool.indexes.giveBack(indexOf(pool, subnet));
  }

  isTaken(subnet: Cidr): boolean {
    const pool = this.#stateOf(subnet);
    return pool !== undefined && pool.indexes.isTaken(indexOf(pool, subnet));
  }

  /** The pool that this subnet is cut from, or undefined. */
  poolOf(subnet: Cidr): Pool | undefined {
    return this.#stateOf(subnet);
  }

  /** Subnets of a pool: how many there are, and how many are taken. */
  counts(pool: Cidr): { total: bigint; taken: number; free: bigint } | undefined {
    const state = this.#pools.find(({ cidr }) => sameCidr(cidr, pool));
    if (state === undefined) return undefined;
    return {
      total: 1n << BigInt(state.prefixLength - state.cidr.length),
      taken: state.indexes.takenCount,
      free: state.indexes.freeCount,
    };
  }

  #stateOf(subnet: Cidr): PoolState | undefined {
    return this.#pools.find(({ cidr, prefixLength }) => prefixLength === subnet.length && containsCidr(cidr, subnet));
  }
}

function subnetAt({ cidr, prefixLength }: Pool, index: bigint): Cidr {
  return { family: cidr.family, base: cidr.base + index * sizeAt(cidr, prefixLength), length: prefixLength };
}

function indexOf({ cidr, prefixLength }: Pool, subnet: Cidr): bigint {
  return (subnet.base - cidr.base) / sizeAt(cidr, prefixLength);
}

/** The subnets of a pool that share an address with a reserved range. */
function blockedIndexes({ cidr, prefixLength }: Pool, range: Cidr): Range {
  const size = sizeAt(cidr, prefixLength);
  const first = range.base <= cidr.base ? 0n : (range.base - cidr.base) / size;
  const end = lastOf(range) < lastOf(cidr) ? lastOf(range) : lastOf(cidr);
  return { first, last: (end - cidr.base) / size };
}

function sizeAt(cidr: Cidr, prefixLength: number): bigint {
  return 1n << BigInt(widthOf(cidr.family) - prefixLength);
}
