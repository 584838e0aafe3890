/** Which link an attachment has: its record says it for as long as it lives, the network for those to come. */
import type { AttachmentRecord } from '../record.ts';
import type { Link } from './link.ts';
import { noLink } from './no-link.ts';
import { vethLink } from './veth/veth-link.ts';
import { wireguardLink } from './wireguard-link.ts';

/** Every way to join a container; a record is of exactly one of them. */
export const links: readonly Link[] = [vethLink, wireguardLink, noLink];

/** The link of a record. */
export function linkOf({ link, addressesOnly }: Pick<AttachmentRecord, 'link' | 'addressesOnly'>): Link {
  if (addressesOnly === true) return noLink;
  return link === 'veth' ? vethLink : wireguardLink;
}
