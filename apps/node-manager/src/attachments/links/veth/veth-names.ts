/** PURE: how the two ends of a veth are named and addressed: all of it follows from the node's end, so that a record need not say it. */
import { createHash } from 'node:crypto';
import { nodeEndPrefix } from '../../../node-view.ts';
import type { AttachmentRecord } from '../../record.ts';

/** 41 bits: as many as 15 characters, which is the longest name of a link, leave beside the prefix. */
const digits = 8;
const isOfOurs = new RegExp(`^${nodeEndPrefix}[0-9a-z]{${digits}}$`);

/** The name of the node's end: of the hash of node id and key; an adopted attachment, whose key nobody knows, is called by it. */
export function nodeEndOf(
  nodeId: string,
  {
    network,
    containerId,
    ifName,
    state,
  }: Pick<AttachmentRecord, 'network' | 'containerId' | 'ifName'> & {
    state?: string;
  },
): string {
  if (state === 'adopted') return containerId;
  const digest = createHash('sha256').update([nodeId, network, containerId, ifName].join('\0')).digest();
  const text = (digest.readBigUInt64BE() % 36n ** BigInt(digits)).toString(36);
  return `${nodeEndPrefix}${text.padStart(digits, '0')}`;
}

/** Whether a link of that name is a node's end of ours. */
export function isNodeEnd(name: string): boolean {
  return isOfOurs.test(name);
}

/** The MACs of both ends, known before they are made: so that neither side ever has to ask for the other's. */
export function macsOf(nodeEnd: string): { node: string; container: string } {
  return { node: macOf(`${nodeEnd}/node`), container: macOf(`${nodeEnd}/container`) };
}

/** Locally administered, of one station (IEEE 802: the two lowest bits of the first octet). */
function macOf(text: string): string {
  const octets = [...createHash('sha256').update(text).digest().subarray(0, 6)];
  octets[0] = ((octets[0] ?? 0) & 0xfc) | 0x02;
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
