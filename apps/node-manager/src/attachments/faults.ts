/** PURE: what is wrong with an attachment, named as an operator would look for it; what later plugins may change is not looked at. */
import { type KernelState } from '@wgcni/iproute';
import type { DeviceState, PublicKey } from '@wgcni/wg';
import { defaultRoutes, hostCidr } from './container-device.ts';
import type { AttachmentRecord } from './record.ts';

export interface SeenAttachment {
  /** The container's namespace; undefined when it is gone. */
  namespace: KernelState | undefined;
  device: DeviceState | undefined;
  pods: DeviceState | undefined;
  podsKey: PublicKey;
  /** What the previous result says the interface has, as `/32` and `/128`. */
  expected: readonly string[];
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
    ...addressFaults(record, seen.namespace, seen.expected),
    ...routeFaults(record, seen.namespace),
    ...peerFaults(record, seen.device, seen),
  ];
}

function addressFaults(record: AttachmentRecord, namespace: KernelState, expected: readonly string[]): string[] {
  const given = record.addresses.map(({ address }) => hostCidr(address));
  const present = namespace.addresses.filter(({ linkName }) => linkName === record.ifName);
  const removed = record.addresses.filter(({ address }) => !present.some((one) => one.address === address));
  return [
    ...removed.map(({ address }) => `the address ${address} was removed from ${record.ifName}`),
    ...expected
      .filter((cidr) => !given.includes(cidr))
      .map((cidr) => `the address ${cidr} is not allocated to this attachment`),
  ];
}

function routeFaults({ ifName, addresses }: AttachmentRecord, namespace: KernelState): string[] {
  return defaultRoutes(addresses)
    .filter((route) => !namespace.routes.some(({ destination, device }) => destination === route && device === ifName))
    .map((route) => `the route ${route} through ${ifName} was removed`);
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
