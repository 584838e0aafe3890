/** The pools of a network: subnets cut from CIDRs of either family, longest unused first. */
import { widthOf, type Family } from './address.ts';
import { checkPools } from './check-pools.ts';
import { lastOf, overlaps, sameCidr, type Cidr } from './cidr.ts';
import { LongestUnused } from './longest-unused.ts';
import { isCutFrom, type Pool } from './pool.ts';
import type { Range } from './ranges.ts';

export type SubnetTaking =
  | { kind: 'given'; subnet: Cidr }
  | { kind: 'taken'; subnet: Cidr }
  /** Overlaps a reserved range. */
  | { kind: 'reserved'; subnet: Cidr }
  /** In no pool, or of another length than its pool's. */
  | { kind: 'foreign'; subnet: Cidr };

/** What a subnet is to the pools. */
export type SubnetStanding = 'free' | 'taken' | 'reserved' | 'foreign';

/** Subnets of one pool: `total` = `taken` + `free` + the reserved. */
export interface PoolCounts {
  total: bigint;
  taken: number;
  free: bigint;
}

interface PoolState extends Pool {
  indexes: LongestUnused;
}

/** A subnet that rests after its release is one that the caller still keeps taken. */
export class SubnetPool {
  readonly #pools: PoolState[] = [];
  readonly #reserved: readonly Cidr[];

  /** Subnets that overlap a range in `reserved` are never cut. Throws as `checkPools` does, but no pool at all is fine. */
  constructor(pools: readonly Pool[], reserved: readonly Cidr[] = []) {
    this.#reserved = reserved;
    for (const pool of pools) this.grow(pool);
  }

  get pools(): readonly Pool[] {
    return this.#pools.map(({ cidr, prefixLength }) => ({ cidr, prefixLength }));
  }

  /** The families of the pools, each once, in the order of the pools. */
  get families(): readonly Family[] {
    return [...new Set(this.#pools.map(({ cidr }) => cidr.family))];
  }

  /** Adds a pool while others are in use. Throws CatalogueError `pool.overlap` naming both, `request.invalid`; nothing changes then. */
  grow(pool: Pool): void {
    checkPools([pool], this.#pools);
    const blocked = this.#reserved
      .filter((range) => overlaps(range, pool.cidr))
      .map((range) => blockedIndexes(pool, range));
    this.#pools.push({ ...pool, indexes: new LongestUnused(subnetCount(pool), blocked) });
  }

  /** The subnet that `allocate` would give; it stays free. */
  next(family: Family): Cidr | undefined {
    const pool = this.#firstUsable(family);
    const index = pool?.indexes.next();
    return pool === undefined || index === undefined ? undefined : subnetAt(pool, index);
  }

  /** The longest unused subnet of the first pool of that family that has one, now taken; undefined when all are exhausted. */
  allocate(family: Family): Cidr | undefined {
    const pool = this.#firstUsable(family);
    return pool === undefined ? undefined : takeFrom(pool);
  }

  /** The longest unused subnet of this very pool, now taken; undefined when it is exhausted or no pool of ours. */
  allocateFrom(pool: Cidr): Cidr | undefined {
    const state = this.#poolAt(pool);
    return state === undefined ? undefined : takeFrom(state);
  }

  /** Takes this very subnet, however recently it was released; repeating it answers `taken` and changes nothing. */
  take(subnet: Cidr): SubnetTaking {
    const standing = this.standingOf(subnet);
    if (standing !== 'free') return { kind: standing, subnet };
    const pool = this.#stateOf(subnet);
    pool?.indexes.takeExactly(indexOf(pool, subnet));
    return { kind: 'given', subnet };
  }

  /** Gives a subnet back as the most recently used; false when it was not taken. */
  release(subnet: Cidr): boolean {
    const pool = this.#stateOf(subnet);
    return pool !== undefined && pool.indexes.giveBack(indexOf(pool, subnet));
  }

  standingOf(subnet: Cidr): SubnetStanding {
    const pool = this.#stateOf(subnet);
    if (pool === undefined) return 'foreign';
    const index = indexOf(pool, subnet);
    if (pool.indexes.isReserved(index)) return 'reserved';
    return pool.indexes.isTaken(index) ? 'taken' : 'free';
  }

  isFree(subnet: Cidr): boolean {
    return this.standingOf(subnet) === 'free';
  }

  isTaken(subnet: Cidr): boolean {
    return this.standingOf(subnet) === 'taken';
  }

  /** The pool that this subnet is cut from, or undefined. */
  poolOf(subnet: Cidr): Pool | undefined {
    const state = this.#stateOf(subnet);
    return state === undefined ? undefined : { cidr: state.cidr, prefixLength: state.prefixLength };
  }

  /** How full a pool is, in constant time; undefined when it is none of ours. */
  counts(pool: Cidr): PoolCounts | undefined {
    const state = this.#poolAt(pool);
    if (state === undefined) return undefined;
    return { total: subnetCount(state), taken: state.indexes.takenCount, free: state.indexes.freeCount };
  }

  #firstUsable(family: Family): PoolState | undefined {
    return this.#pools.find(({ cidr, indexes }) => cidr.family === family && indexes.freeCount > 0n);
  }

  #stateOf(subnet: Cidr): PoolState | undefined {
    return this.#pools.find((pool) => isCutFrom(pool, subnet));
  }

  #poolAt(pool: Cidr): PoolState | undefined {
    return this.#pools.find(({ cidr }) => sameCidr(cidr, pool));
  }
}

function takeFrom(pool: PoolState): Cidr | undefined {
  const index = pool.indexes.take();
  return index === undefined ? undefined : subnetAt(pool, index);
}

function subnetAt({ cidr, prefixLength }: Pool, index: bigint): Cidr {
  return { family: cidr.family, base: cidr.base + index * subnetSize({ cidr, prefixLength }), length: prefixLength };
}

function indexOf(pool: Pool, subnet: Cidr): bigint {
  return (subnet.base - pool.cidr.base) / subnetSize(pool);
}

/** The subnets of a pool that share an address with a reserved range. */
function blockedIndexes(pool: Pool, range: Cidr): Range {
  const { cidr } = pool;
  const first = range.base <= cidr.base ? cidr.base : range.base;
  const last = lastOf(range) < lastOf(cidr) ? lastOf(range) : lastOf(cidr);
  return { first: (first - cidr.base) / subnetSize(pool), last: (last - cidr.base) / subnetSize(pool) };
}

/** Subnets in a pool. */
function subnetCount({ cidr, prefixLength }: Pool): bigint {
  return 1n << BigInt(prefixLength - cidr.length);
}

/** Addresses in a subnet of the pool. */
function subnetSize({ cidr, prefixLength }: Pool): bigint {
  return 1n << BigInt(widthOf(cidr.family) - prefixLength);
}
