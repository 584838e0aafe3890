/** Address ranges that no pool may touch, because the kernel or the internet gives them a meaning of their own (RFC 6890). */
import { overlaps, parseCidr, type Cidr } from './cidr.ts';

const specialRanges = [
  { text: '0.0.0.0/8', meaning: 'this network' },
  { text: '127.0.0.0/8', meaning: 'loopback' },
  { text: '169.254.0.0/16', meaning: 'link-local' },
  { text: '224.0.0.0/4', meaning: 'multicast' },
  { text: '255.255.255.255/32', meaning: 'limited broadcast' },
  { text: '::/127', meaning: 'unspecified and loopback' },
  { text: 'fe80::/10', meaning: 'link-local' },
  { text: 'ff00::/8', meaning: 'multicast' },
] as const;

/** What a block would collide with, like `loopback 127.0.0.0/8`; undefined when it may be a pool. */
export function specialRangeOf(cidr: Cidr): string | undefined {
  const found = specialRanges.find(({ text }) => overlaps(cidr, parseCidr(text)));
  return found === undefined ? undefined : `${found.meaning} ${found.text}`;
}
