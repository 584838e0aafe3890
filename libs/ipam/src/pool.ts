/** A pool of the network: a CIDR, and the one length of the subnets that are cut from it. */
import { CatalogueError } from '@wgcni/base';
import type { Address } from './address.ts';
import { containsAddress, containsCidr, formatCidr, tryParseCidr, type Cidr } from './cidr.ts';

export interface Pool {
  cidr: Cidr;
  prefixLength: number;
}

/** A pool from text like `10.64.0.0/12:24`. Throws CatalogueError `request.invalid` naming `field`, the text and the remedy. */
export function parsePool(text: string, field = 'pool'): Pool {
  const match = /^(.+):([1-9][0-9]{0,2})$/.exec(text);
  const cidr = tryParseCidr(match?.[1] ?? '');
  if (match !== null && cidr !== undefined) return { cidr, prefixLength: Number(match[2]) };
  throw new CatalogueError('request.invalid', `${field} "${text}" is not a pool`, {
    field,
    remedy:
      'write a network with its host bits zero and the length of its subnets, like 10.64.0.0/12:24 or fd64::/48:64',
  });
}

/** The text that `parsePool` reads, in canonical form. */
export function formatPool({ cidr, prefixLength }: Pool): string {
  return `${formatCidr(cidr)}:${prefixLength}`;
}

/** Whether `subnet` is one that is cut from `pool`. */
export function isCutFrom({ cidr, prefixLength }: Pool, subnet: Cidr): boolean {
  return subnet.length === prefixLength && containsCidr(cidr, subnet);
}

/** The pool in which an address lies, which must not be one that WireGuard itself is reached at; or undefined. */
export function poolHolding(pools: readonly Pool[], address: Address): Pool | undefined {
  return pools.find(({ cidr }) => containsAddress(cidr, address));
}
