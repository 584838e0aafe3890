/**
 * PURE: what is wrong with an attachment, named as an operator would look for it. SPEC: CNI 1.1 CHECK: an address or route is missed only
 * when the previous result lists it: later plugins of the chain may take some away, add others and say so, or move routes to another table.
 */
import { formatAddress, formatCidr, tryParseAddress, tryParseCidr } from '@wgcni/ipam';
import type { KernelState } from '@wgcni/iproute';
import type { DeviceState, PublicKey } from '@wgcni/wg';
import { defaultRoutes, hostCidr } from './container-device.ts';
import type { AttachmentRecord } from './record.ts';

export interface SeenAttachment {
  /** The container's namespace; undefined when it is gone. */
  namespace: KernelState | undefined;
  device: DeviceState | undefined;
  pods: DeviceState | undefined;
  podsKey: PublicKey;
  /** What the previous result says the interface has, with prefix length. */
  listed: readonly string[];
  /** The destinations that it lists; absent: the caller does not say, and every route of ours is looked for. */
  listedRoutes?: readonly string[];
}

/** Everything that is wrong, worst first; empty when the attachment is as ADD left it. */
export function faultsOf(record: AttachmentRecord, seen: SeenAttachment): string[] {
  const { ifName, netns } = record;
  if (seen.namespace === undefined) return [`the network namespace ${netns} is gone`];
  const link = seen.namespace.links.find(({ name }) => name === ifName);
  if (link === undefined) return [`the interface ${ifName} was removed`];
  if (seen.device === undefined || seen.device.publicKey !== record.publicKey) {
    return [`the interface ${ifName} is not the WireGuard device of this attachment`];
  }
  return [
    ...(link.isUp ? [] : [`the interface ${ifName} is down`]),
    ...addressFaults(record, seen.namespace, seen.listed),
    ...routeFaults(record, seen.namespace, seen.listedRoutes),
    ...peerFaults(record, seen.device, seen),
  ];
}

/** What the interface lacks of the addresses that the previous result lists. */
export function addressFaults(record: AttachmentRecord, namespace: KernelState, listed: readonly string[]): string[] {
  const present = namespace.addresses.filter(({ linkName }) => linkName === record.ifName);
  const isIn = (list: readonly { address: string }[], cidr: string): boolean =>
    list.some(({ address }) => address === bareAddress(cidr));
  return listed
    .filter((cidr) => !isIn(present, cidr))
    .map((cidr) =>
      isIn(record.addresses, cidr)
        ? `the address ${bareAddress(cidr)} was removed from ${record.ifName}`
        : `the address ${cidr} is neither allocated to this attachment nor on ${record.ifName}`,
    );
}

/** What it lacks of the default routes that the previous result lists. */
export function routeFaults(
  { ifName, addresses }: AttachmentRecord,
  { routes, policyRoutes }: KernelState,
  listed: readonly string[] | undefined,
): string[] {
  const isThere = (wanted: string): boolean =>
    [...routes, ...policyRoutes].some(({ destination, device }) => destination === wanted && device === ifName);
  return defaultRoutes(addresses)
    .filter((route) => (listed === undefined || listed.some((cidr) => isSameBlock(cidr, route))) && !isThere(route))
    .map((route) => `the route ${route} through ${ifName} was removed`);
}

/** Canonical text without the prefix length; a result may carry one of any length. */
function bareAddress(cidr: string): string {
  const [text = ''] = cidr.split('/');
  const address = tryParseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

function isSameBlock(text: string, canonical: string): boolean {
  const cidr = tryParseCidr(text);
  return cidr !== undefined && formatCidr(cidr) === canonical;
}

function peerFaults(record: AttachmentRecord, device: DeviceState, { pods, podsKey }: SeenAttachment): string[] {
  const nodeSide = pods?.peers.find(({ publicKey }) => publicKey === record.publicKey);
  const lacking = record.addresses.filter(({ address }) => nodeSide?.allowedIps.includes(hostCidr(address)) !== true);
  return [
    ...(nodeSide === undefined ? ["the peer of this attachment was removed from the node's device"] : []),
    ...(nodeSide === undefined ? [] : lacking).map(({ address }) => `the node's peer does not allow ${address}`),
    ...(device.peers.some(({ publicKey }) => publicKey === podsKey)
      ? []
      : [`the node's peer was removed from ${record.ifName}`]),
  ];
}
