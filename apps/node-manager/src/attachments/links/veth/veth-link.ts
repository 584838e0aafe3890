/** A pair of joined Ethernet links and routes: quick, and plain within the node; between nodes it is the mesh's as for everybody. */
import type { AttachmentKey, CheckInput } from '@wgcni/api';
import type { AttachmentRecord } from '../../record.ts';
import { familyOf } from '../../container-device.ts';
import { type Core, refuseOrphaned } from '../../core.ts';
import { orGone } from '../../found-device.ts';
import type { RunStep } from '../../request-steps.ts';
import type { Link } from '../link.ts';
import { containerSide, containerSwitches, nodeSide, nodeSwitches, pairOf } from './plan-veth.ts';
import { vethFaultsOf } from './veth-faults.ts';
import { macsOf, nodeEndOf } from './veth-names.ts';

export const vethLink: Link = {
  takePort: () => 0,
  build,
  removeDevice: (core, record) => removeNodeEnd(core, nodeEndOf(core.deps.nodeId, record)),
  // The routes went with the link.
  removeNodeSide: async () => {},
  removeUnrecorded: (core, key) => removeNodeEnd(core, nodeEndOf(core.deps.nodeId, key)),
  isThere,
  // Neither end lives without the other, in whichever namespace that is.
  isAlive: async (core, record, { links }) => links.has(nodeEndOf(core.deps.nodeId, record)),
  hasProcess: () => false,
  faults,
  setMtu,
  findAdopted,
};

/** Pair, node's side, container's side. */
async function build(core: Core, reserved: AttachmentRecord, step: RunStep): Promise<null> {
  const { iproute, nodeId } = core.deps;
  const nodeEnd = nodeEndOf(nodeId, reserved);
  await step('make the device', () => core.nodeEnds.run(() => iproute.apply([pairOf(nodeEnd, reserved)], undefined)));
  await step('configure the device', () =>
    core.nodeEnds.run(async () => {
      // FENCE: a view that lost the subnet may have been carried out since the address was reserved.
      refuseOrphaned(core, reserved);
      await setNodeSwitches(core, nodeEnd, reserved);
      await iproute.apply(nodeSide(nodeEnd, reserved.addresses), undefined);
    }),
  );
  await step('set addresses and routes', () => linkUp(core, nodeEnd, reserved));
  return null;
}

async function setNodeSwitches(
  { deps: { sysctl } }: Core,
  nodeEnd: string,
  { addresses }: AttachmentRecord,
): Promise<void> {
  const hasIpv6 = (await sysctl.read(`net.ipv6.conf.${nodeEnd}.disable_ipv6`)) !== undefined;
  await sysctl.write(nodeSwitches(nodeEnd, addresses, hasIpv6));
}

async function linkUp({ deps: { sysctl, iproute } }: Core, nodeEnd: string, record: AttachmentRecord): Promise<void> {
  const { ifName, netns, addresses } = record;
  const usesIpv6 = addresses.some(({ address }) => familyOf(address) === 6);
  if (usesIpv6) await sysctl.write(containerSwitches(ifName), netns);
  await iproute.apply(containerSide(nodeEnd, record), netns);
}

/** Looked for first: most that are missing were never there, and what `ip` refuses costs a process. */
function removeNodeEnd(core: Core, nodeEnd: string): Promise<void> {
  return core.nodeEnds.run(async () => {
    const { links } = await core.deps.iproute.observe(undefined);
    if (!links.some(({ name }) => name === nodeEnd)) return;
    await core.deps.iproute.apply([{ kind: 'remove-link', name: nodeEnd }], undefined);
  });
}

async function isThere(core: Core, record: AttachmentRecord): Promise<boolean> {
  if (record.netns === '') return false;
  const found = await orGone(core.deps.iproute.observe(record.netns));
  const { container } = macsOf(nodeEndOf(core.deps.nodeId, record));
  return found?.links.some(({ name, mac }) => name === record.ifName && mac === container) === true;
}

async function faults(core: Core, record: AttachmentRecord, input: CheckInput): Promise<string[]> {
  const { netns, addresses: listed, routes } = input;
  const [namespace, node] = await Promise.all([
    orGone(core.deps.iproute.observe(netns)),
    core.deps.iproute.observe(undefined),
  ]);
  const nodeEnd = nodeEndOf(core.deps.nodeId, record);
  const listedRoutes = routes === undefined ? {} : { listedRoutes: routes };
  return vethFaultsOf(record, { namespace, node, nodeEnd, listed, ...listedRoutes });
}

/** A container never sends more than the node's end takes: its own end is the first that falls and the last that rises. */
async function setMtu(core: Core, record: AttachmentRecord, mtu: number): Promise<void> {
  const { iproute, nodeId } = core.deps;
  const inside = (): Promise<void> => iproute.apply([{ kind: 'set-link', name: record.ifName, mtu }], record.netns);
  const outside = (): Promise<void> =>
    core.nodeEnds.run(() => iproute.apply([{ kind: 'set-link', name: nodeEndOf(nodeId, record), mtu }], undefined));
  for (const write of mtu < record.mtu ? [inside, outside] : [outside, inside]) await write();
}

/** The node's end bears a name that follows from the key. */
async function findAdopted(core: Core, key: AttachmentKey): Promise<AttachmentRecord | undefined> {
  const nodeEnd = nodeEndOf(core.deps.nodeId, key);
  return core.register
    .all()
    .find((one) => one.link === 'veth' && one.state === 'adopted' && one.containerId === nodeEnd);
}
