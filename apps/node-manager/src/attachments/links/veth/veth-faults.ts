/** PURE: what is wrong with an attachment that has a veth, named as an operator would look for it. SPEC: CNI 1.1 CHECK */
import type { KernelState } from '@wgcni/iproute';
import { addressFaults, routeFaults } from '../../faults.ts';
import { hostCidr } from '../../container-device.ts';
import type { AttachmentRecord } from '../../record.ts';
import { macsOf } from './veth-names.ts';

export interface SeenVeth {
  /** The container's namespace; undefined when it is gone. */
  namespace: KernelState | undefined;
  /** The node's own. */
  node: KernelState;
  /** The name of the node's end. */
  nodeEnd: string;
  /** What the previous result says the interface has, with prefix length. */
  listed: readonly string[];
  /** The destinations that it lists; absent: every route of ours is looked for. */
  listedRoutes?: readonly string[];
}

/** Everything that is wrong, worst first; empty when the attachment is as ADD left it. */
export function vethFaultsOf(record: AttachmentRecord, seen: SeenVeth): string[] {
  const { ifName, netns } = record;
  if (seen.namespace === undefined) return [`the network namespace ${netns} is gone`];
  const link = seen.namespace.links.find(({ name }) => name === ifName);
  if (link === undefined) return [`the interface ${ifName} was removed`];
  const { container } = macsOf(seen.nodeEnd);
  if (link.kind !== 'veth' || link.mac !== container) {
    return [`the interface ${ifName} is not the veth of this attachment, whose MAC is ${container}`];
  }
  return [
    ...(link.isUp ? [] : [`the interface ${ifName} is down`]),
    ...addressFaults(record, seen.namespace, seen.listed),
    ...routeFaults(record, seen.namespace, seen.listedRoutes),
    ...nodeFaults(record, seen),
  ];
}

function nodeFaults({ addresses }: AttachmentRecord, { node, nodeEnd }: SeenVeth): string[] {
  const link = node.links.find(({ name }) => name === nodeEnd);
  if (link === undefined) return [`the node's end ${nodeEnd} was removed`];
  const lacking = addresses.filter(
    ({ address }) => !node.routes.some((route) => route.destination === hostCidr(address) && route.device === nodeEnd),
  );
  return [
    ...(link.isUp ? [] : [`the node's end ${nodeEnd} is down`]),
    ...lacking.map(({ address }) => `the node's route to ${address} through ${nodeEnd} was removed`),
  ];
}
