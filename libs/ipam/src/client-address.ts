/** Which address of a client pool a client gets: by its key, so that the same key finds the same address again. */
import type { Address } from './address.ts';
import { lastOf, type Cidr } from './cidr.ts';

export interface ClientAddressSearch {
  pool: Cidr;
  /** A number that belongs to the client's key alone: where the search begins. */
  seed: bigint;
  /** Of another client. */
  isTaken: (address: Address) => boolean;
  /** Had until lately by a client that is gone: given only when no other is left. */
  isResting: (address: Address) => boolean;
}

/**
 * The first free address from the one that the seed names, around the pool. A store that was emptied so gives a client that comes back what it had, and
 * what one client leaves is hardly ever the next one's. Undefined when the pool is full.
 */
export function chooseClientAddress(search: ClientAddressSearch): Address | undefined {
  const { isTaken, isResting } = search;
  return (
    firstFree(search, (address) => !isTaken(address) && !isResting(address)) ??
    firstFree(search, (address) => !isTaken(address))
  );
}

function firstFree({ pool, seed }: ClientAddressSearch, isFree: (address: Address) => boolean): Address | undefined {
  const { first, count } = givenOf(pool);
  for (let tried = 0n; tried < count; tried += 1n) {
    const address = { family: pool.family, value: first + ((seed + tried) % count) };
    if (isFree(address)) return address;
  }
  return undefined;
}

/** Neither the network address nor the broadcast address, which IPv6 has not: its first is subnet-router anycast (RFC 4291 §2.6.1). */
function givenOf(pool: Cidr): { first: bigint; count: bigint } {
  const first = pool.base + 1n;
  const last = pool.family === 4 ? lastOf(pool) - 1n : lastOf(pool);
  return { first, count: last - first + 1n };
}
