/** PURE: addresses in nft's words, by family. */
import { type Cidr, containsCidr, type Family, formatAddress, formatCidr, widthOf } from '@wgcni/ipam';
import type { Policy } from './policy.ts';

/** Who began a connection, and who really answers it: before masquerading, and after a redirection or a published port. */
export type End = 'original' | 'reply';

/** The address of one end, for every packet of the connection in both directions. */
export function endOf(end: End, family: Family): string {
  return `ct ${end} ${headerOf(family)} saddr`;
}

export function headerOf(family: Family): 'ip' | 'ip6' {
  return family === 4 ? 'ip' : 'ip6';
}

/** Whether `what` (an address in nft's words) is a node's own: the first of a subnet. A match for each pool; any of them will do. */
export function nodeMatches({ pools }: Policy, family: Family, what: string): string[] {
  return pools
    .filter(({ cidr }) => cidr.family === family)
    .map(({ cidr, prefixLength }) => {
      const hosts = (1n << BigInt(widthOf(family) - prefixLength)) - 1n;
      const [mask, first] = [hosts, 1n].map((value) => formatAddress({ family, value }));
      return `${what} ${formatCidr(cidr)} ${what} & ${mask} == ${first}`;
    });
}

/** The blocks of one family, none inside another: a set of nft takes no overlaps. */
export function blocksOf(cidrs: readonly Cidr[], family: Family): string[] {
  // In the order of addresses, the larger first, a block stands behind the one it is in, and only blocks of that one between them.
  const own = cidrs.filter((cidr) => cidr.family === family).sort(byBase);
  const outermost: Cidr[] = [];
  for (const cidr of own) {
    const last = outermost.at(-1);
    if (last === undefined || !containsCidr(last, cidr)) outermost.push(cidr);
  }
  return outermost.map(formatCidr);
}

function byBase(one: Cidr, other: Cidr): number {
  if (one.base === other.base) return one.length - other.length;
  return one.base < other.base ? -1 : 1;
}
