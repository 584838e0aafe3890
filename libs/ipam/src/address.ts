/** An IP address of either family as a number; text is parsed and printed at the edge with ipaddr.js. */
import { CatalogueError } from '@wgcni/base';
import ipaddr from 'ipaddr.js';

export type Family = 4 | 6;

export interface Address {
  family: Family;
  value: bigint;
}

/** Bits of an address: 32 or 128. */
export function widthOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** An address from its text, or undefined. IPv4 only as four decimal parts; no zone, no IPv4-mapped IPv6. */
export function tryParseAddress(text: string): Address | undefined {
  // What is refused costs ipaddr.js an exception: it is never asked whether IPv6 text is IPv4.
  if (!text.includes(':')) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
    return { family: 4, value: toValue(ipaddr.IPv4.parse(text).toByteArray()) };
  }
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const parsed = ipaddr.IPv6.parse(text);
  return parsed.isIPv4MappedAddress() ? undefined : { family: 6, value: toValue(parsed.toByteArray()) };
}

/** An address from its text. Throws CatalogueError `request.invalid` naming `field` and the text. */
export function parseAddress(text: string, field = 'address'): Address {
  const address = tryParseAddress(text);
  if (address !== undefined) return address;
  throw new CatalogueError('request.invalid', `${field} "${text}" is not an IP address`, {
    field,
    remedy: 'write it like 10.64.0.9 or fd64::9, without a prefix length',
  });
}

/** Canonical text (RFC 5952 for IPv6), so that one address has one key. */
export function formatAddress({ family, value }: Address): string {
  const bytes = toBytes(value, widthOf(family) / 8);
  return family === 4 ? new ipaddr.IPv4(bytes).toString() : new ipaddr.IPv6(bytes).toRFC5952String();
}

function toValue(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function toBytes(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Number((value >> BigInt(8 * (count - 1 - index))) & 0xffn));
}
