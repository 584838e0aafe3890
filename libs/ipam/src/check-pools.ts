/** What makes an address plan impossible, each with the number that is wrong and what to write instead. */
import { CatalogueError } from '@wgcni/base';
import { longestSubnet } from './address-pool.ts';
import { findOverlap } from './find-overlap.ts';
import { formatCidr } from './cidr.ts';
import { formatPool, type Pool } from './pool.ts';
import { specialRangeOf } from './special-ranges.ts';

/** Smallest MTU of a link that carries IPv6 (RFC 8200 §5), and of any host (RFC 791 §3.1). */
const smallestMtu = { 4: 576, 6: 1_280 } as const;
const largestMtu = 65_535;

/** Throws CatalogueError `request.invalid` for a pool that nothing can be cut from. */
export function checkPool({ cidr, prefixLength }: Pool, field = 'pool'): void {
  const text = formatPool({ cidr, prefixLength });
  const longest = longestSubnet[cidr.family];
  const fail = (why: string, remedy: string): never => {
    throw new CatalogueError('request.invalid', `${field} ${text}: ${why}`, { field, remedy });
  };
  if (!Number.isInteger(prefixLength) || prefixLength > longest) {
    fail(`a subnet of length ${prefixLength} has no address to give`, `choose a subnet length of at most ${longest}`);
  }
  if (prefixLength <= cidr.length) {
    fail(
      `a subnet of length ${prefixLength} is no part of a /${cidr.length}`,
      `choose a subnet length from ${cidr.length + 1} to ${longest}, or a larger pool`,
    );
  }
  const special = specialRangeOf(cidr);
  if (special !== undefined) fail(`the range is not for containers: ${special}`, 'choose a private or global range');
}

/**
 * Throws what `checkPool` throws; CatalogueError `pool.overlap`, naming both, when two pools or a pool and one of `existing` share an
 * address; and `request.invalid` when there is no pool at all.
 */
export function checkPools(pools: readonly Pool[], existing: readonly Pool[] = [], field = 'pool'): void {
  if (pools.length + existing.length === 0) {
    const remedy = 'name at least one, like 10.64.0.0/12:24';
    throw new CatalogueError('request.invalid', `${field}: a network needs a pool`, { field, remedy });
  }
  pools.forEach((pool, index) => {
    checkPool(pool, field);
    const others = [...existing, ...pools.slice(0, index)].map(({ cidr }) => cidr);
    const other = findOverlap(pool.cidr, others);
    if (other === undefined) return;
    throw new CatalogueError('pool.overlap', `pool ${formatCidr(pool.cidr)} overlaps pool ${formatCidr(other)}`, {
      field,
      remedy: 'choose a range that shares no address with the pools that exist',
    });
  });
}

/** Throws CatalogueError `request.invalid` for an MTU, in bytes, at which the pools' families do not work (design §6). */
export function checkMtu(mtu: number, pools: readonly Pool[], field = 'mtu'): void {
  const family = pools.some(({ cidr }) => cidr.family === 6) ? 6 : 4;
  const smallest = smallestMtu[family];
  if (Number.isInteger(mtu) && mtu >= smallest && mtu <= largestMtu) return;
  const why = family === 6 ? 'with an IPv6 pool' : 'with IPv4 pools';
  throw new CatalogueError('request.invalid', `${field} ${mtu} does not work ${why}`, {
    field,
    remedy: `choose a whole number of bytes from ${smallest} to ${largestMtu}`,
  });
}

/** An address plan as an operator writes it. */
export interface NetworkPlan {
  pools: readonly Pool[];
  /** Bytes. */
  mtu: number;
}

/** Throws what `checkPools` and `checkMtu` throw. */
export function checkNetwork({ pools, mtu }: NetworkPlan): void {
  checkPools(pools);
  checkMtu(mtu, pools);
}
