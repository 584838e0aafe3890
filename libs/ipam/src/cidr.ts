/** A CIDR block of either family, always with its host bits zero. */
import { CatalogueError } from '@wgcni/base';
import { formatAddress, tryParseAddress, widthOf, type Address, type Family } from './address.ts';

export interface Cidr {
  family: Family;
  /** The first address, host bits zero. */
  base: bigint;
  /** Prefix length: 0–32 or 0–128. */
  length: number;
}

/** A CIDR from its text, or undefined when it is malformed or has host bits set. */
export function tryParseCidr(text: string): Cidr | undefined {
  const match = /^([0-9a-fA-F:.]+)\/(0|[1-9][0-9]{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : tryParseAddress(match[1]);
  if (address === undefined) return undefined;
  const length = Number(match?.[2]);
  if (length > widthOf(address.family)) return undefined;
  const cidr = cidrOf(address, length);
  return cidr.base === address.value ? cidr : undefined;
}

/** A CIDR from its text. Throws CatalogueError `request.invalid` naming `field`, the text and the remedy. */
export function parseCidr(text: string, field = 'cidr'): Cidr {
  const cidr = tryParseCidr(text);
  if (cidr !== undefined) return cidr;
  throw new CatalogueError('request.invalid', `${field} "${text}" is not a CIDR block with its host bits zero`, {
    field,
    remedy: 'write the network address and prefix length, like 10.64.0.0/12 or fd64::/48',
  });
}

/** The block of `length` that holds `address`. */
export function cidrOf(address: Address, length: number): Cidr {
  const hostBits = BigInt(widthOf(address.family) - length);
  return { family: address.family, base: (address.value >> hostBits) << hostBits, length };
}

/** Canonical text, `address/length`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress({ family: cidr.family, value: cidr.base })}/${cidr.length}`;
}

/** Number of addresses in the block. */
export function sizeOf(cidr: Cidr): bigint {
  return 1n << BigInt(widthOf(cidr.family) - cidr.length);
}

/** The last address of the block. */
export function lastOf(cidr: Cidr): bigint {
  return cidr.base + sizeOf(cidr) - 1n;
}

/** Whether `outer` contains every address of `inner`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return (
    outer.family === inner.family &&
    outer.length <= inner.length &&
    outer.base <= inner.base &&
    lastOf(inner) <= lastOf(outer)
  );
}

export function containsAddress(cidr: Cidr, address: Address): boolean {
  return cidr.family === address.family && address.value >= cidr.base && address.value <= lastOf(cidr);
}

/** Whether two blocks share an address; blocks that do are nested. */
export function overlaps(one: Cidr, other: Cidr): boolean {
  return containsCidr(one, other) || containsCidr(other, one);
}

export function sameCidr(one: Cidr, other: Cidr): boolean {
  return one.family === other.family && one.length === other.length && one.base === other.base;
}

/** The address a node keeps for itself in a subnet: the first after the network address. */
export function gatewayOf(subnet: Cidr): Address {
  return { family: subnet.family, value: subnet.base + 1n };
}
