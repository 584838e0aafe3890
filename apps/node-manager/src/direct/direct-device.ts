/** PURE: which attachments have a device that holds direct peers, and what the others know it by. */
import type { DeviceRef, Peer, PublicKey } from '@wgcni/wg';
import { deviceOf, nodeSidePeer } from '../attachments/container-device.ts';
import type { AttachmentRecord } from '../attachments/record.ts';
import type { PublishedContainer } from './standing-list.ts';

export interface DirectDevice {
  ref: DeviceRef;
  /** A device made anew has another: it is another device. */
  publicKey: PublicKey;
  /** Whether the others are to have it as a peer, and it them; if not, what it holds of them goes. */
  isPeer: boolean;
  /** Whether other nodes know it: then it is to have their containers as peers, and they it. */
  isPublished?: boolean;
  /** As a direct peer it is what it is to the node: on loopback, with exactly its own addresses. */
  endpoint: string;
  allowedIps: Peer['allowedIps'];
}

/** Whether a device is to have peers of other nodes: these have it, too, only where they know it. */
export function isTakingPart({ isPeer, isPublished }: DirectDevice): boolean {
  return isPeer && isPublished === true;
}

/** What other nodes are told of it. */
export function publishedOf({ publicKey, endpoint, allowedIps }: DirectDevice): PublishedContainer {
  const addresses = allowedIps.map((cidr) => cidr.replace(/\/.*$/, ''));
  return { publicKey, port: Number(endpoint.replace(/^.*:/, '')), addresses };
}

/** What is known of an attachment beside its record. */
export interface AttachmentStanding {
  isLeaving: boolean;
  /** Whether the node has lost the subnet of one of its addresses. */
  isOrphaned: boolean;
}

/**
 * The device of a record, or undefined for one that has none of ours to speak with: addresses alone, what dialled in or was adopted,
 * and what is being made, made anew or removed.
 */
export function directDeviceOf(
  nodeId: string,
  record: AttachmentRecord,
  { isLeaving, isOrphaned }: AttachmentStanding,
): DirectDevice | undefined {
  const { state, publicKey, port, netns } = record;
  const isWhole = (state === 'attached' || state === 'answered') && record.reviving !== true && !isLeaving;
  if (!isWhole || publicKey === null || port === 0 || netns === '' || record.addressesOnly === true) return undefined;
  const { endpoint = '', allowedIps } = nodeSidePeer(publicKey, port, record.addresses);
  return { ref: deviceOf(nodeId, record), publicKey, isPeer: !isOrphaned, endpoint, allowedIps };
}
