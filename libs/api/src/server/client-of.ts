/** PURE: who counts as one client by its address: an IPv4 address, or the /64 of an IPv6 one, of which anybody has as many as he likes. */
import { isIPv6 } from 'node:net';

/** A text that is the same for all addresses of one client. */
export function clientOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare)) return address;
  const [head = '', tail] = bare.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  const words = [...before, ...zeros, ...after].slice(0, 4).map((word) => Number.parseInt(word, 16).toString(16));
  return `${words.join(':')}::/64`;
}
