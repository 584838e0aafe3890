/** A WireGuard device in the container and a peer of the node's pods device: encrypted also within the node. */
import type { AttachmentKey, CheckInput } from '@wgcni/api';
import type { DeviceRef, DeviceState, PublicKey } from '@wgcni/wg';
import { deviceIdPrefix } from '../../keys/device-id.ts';
import { configOf } from '../../pods/plan-pods.ts';
import {
  containerLink,
  containerSidePeer,
  deviceOf,
  familyOf,
  hostCidr,
  isDeviceOf,
  nodeSidePeer,
} from '../container-device.ts';
import { type Core, refuseOrphaned } from '../core.ts';
import { faultsOf } from '../faults.ts';
import { findDevice, isDeviceThere, orGone } from '../found-device.ts';
import type { AttachmentRecord } from '../record.ts';
import type { RunStep } from '../request-steps.ts';
import type { Link, Surroundings } from './link.ts';

/** A userspace process notices within this that its device is up. */
const settleMs = 2_000;

export const wireguardLink: Link = {
  takePort: (core, bound) => core.ports.take(bound),
  build,
  removeDevice,
  removeNodeSide: removePeer,
  removeUnrecorded,
  isThere: isDeviceThere,
  isAlive,
  hasProcess: (core) => core.deps.devices.backend !== 'kernel',
  faults,
  setMtu: (core, { ifName, netns }, mtu) => core.deps.iproute.apply([{ kind: 'set-link', name: ifName, mtu }], netns),
  findAdopted,
};

/** Peer, device, link; resolves with the device's public key. */
async function build(core: Core, reserved: AttachmentRecord, step: RunStep): Promise<PublicKey> {
  const { addresses, port, mtu } = reserved;
  const ref = deviceOf(core.deps.nodeId, reserved);
  const pair = core.deps.keys.generate();
  core.register.expectKey(reserved, pair.publicKey);
  // ORDER: the node's side first; the other way round the first packets are lost for five seconds.
  const peer = configOf(nodeSidePeer(pair.publicKey, port, addresses));
  await step('add the peer', () =>
    core.pods.change(() => {
      // FENCE: a view that lost the subnet may have been carried out since the address was reserved.
      refuseOrphaned(core, reserved);
      return [{ kind: 'add', peer }];
    }),
  );
  await step('make the device', () => core.deps.devices.create(ref, mtu));
  const settings = { privateKey: pair.privateKey, listenPort: port, peers: [containerSidePeer(core.pods, addresses)] };
  await step('configure the device', () => core.deps.devices.configure(ref, settings));
  await step('set addresses and routes', () => linkUp(core, reserved));
  await step('wait for the device', () => settle(core, ref));
  return pair.publicKey;
}

/** Addresses, MTU, up and routes inside the container's namespace. */
export async function linkUp(core: Core, record: AttachmentRecord): Promise<void> {
  const { ifName, netns } = record;
  if (record.addresses.some(({ address }) => familyOf(address) === 6)) await enableIpv6(core, ifName, netns);
  await core.deps.iproute.apply(containerLink(record), netns);
}

/** Waits until the device receives; one that is late is told of, not refused: it will receive soon. */
export async function settle(core: Core, ref: DeviceRef): Promise<void> {
  if (await core.deps.devices.settle(ref, settleMs)) return;
  core.deps.log.warn({ device: ref.id, waitedMs: settleMs }, 'device.slow');
}

/** Runtimes hand out namespaces with IPv6 switched off; a dot of an interface's name is written as a slash. */
async function enableIpv6(core: Core, ifName: string, netns: string): Promise<void> {
  const name = `net.ipv6.conf.${ifName.replaceAll('.', '/')}.disable_ipv6`;
  await core.deps.sysctl.write({ [name]: '0' }, netns);
}

/** Its UDP port is bound in the node's namespace, or its device is found in its namespace with its public key. */
async function isAlive(core: Core, record: AttachmentRecord, { bound }: Surroundings): Promise<boolean> {
  // Someone who dialled in from elsewhere has no device here to look at.
  if (record.port === 0 || bound.has(record.port)) return true;
  return isDeviceThere(core, record);
}

async function faults(core: Core, record: AttachmentRecord, input: CheckInput): Promise<string[]> {
  const { netns, addresses: listed, routes } = input;
  const [namespace, device, pods] = await Promise.all([
    orGone(core.deps.iproute.observe(netns)),
    findDevice(core, deviceOf(core.deps.nodeId, { ...record, netns })),
    core.pods.observe(),
  ]);
  const listedRoutes = routes === undefined ? {} : { listedRoutes: routes };
  return faultsOf(record, { namespace, device, pods, podsKey: core.pods.publicKey, listed, ...listedRoutes });
}

async function removeDevice(core: Core, record: AttachmentRecord): Promise<void> {
  if (core.deps.devices.backend !== 'kernel') return endProcess(core, record);
  // Adopted and not recognised: nobody knows in which namespace the kernel has its device.
  if (record.netns === '') return;
  const ref = deviceOf(core.deps.nodeId, record);
  const state = await findDevice(core, ref);
  const isForeign = state !== undefined && !isDeviceOf(record, state, core.pods.publicKey);
  // Also without a device of its name: a crash may have left it under its id, which is never another's.
  await core.deps.devices.remove(isForeign ? { ...ref, name: ref.id } : ref);
}

/** What may be left of an attachment without a record and without a peer. */
async function removeUnrecorded(core: Core, key: AttachmentKey): Promise<void> {
  if (core.deps.devices.backend === 'kernel') return;
  const { id } = deviceOf(core.deps.nodeId, { ...key, netns: '' });
  await core.deps.devices.remove({ id, name: id });
}

/**
 * Ends a userspace process by its id alone: named like it, so that no other link of that name can be meant. Asked for whatever lives: a
 * process that is wedged answers no question, one that is dead has left its record and perhaps its socket.
 */
async function endProcess(core: Core, record: AttachmentRecord): Promise<void> {
  const id = record.state === 'adopted' ? await adoptedId(core, record) : deviceOf(core.deps.nodeId, record).id;
  if (id !== undefined) await core.deps.devices.remove({ id, name: id });
}

/** The key of an adopted attachment is of our making and names no device: its process is known by the public key. */
async function adoptedId(core: Core, { publicKey, port }: AttachmentRecord): Promise<string | undefined> {
  // Someone who dialled in from elsewhere has no process here.
  if (port === 0) return undefined;
  for (const id of await core.deps.devices.liveIds(deviceIdPrefix)) {
    const state = await core.deps.devices.observe({ id, name: id });
    if (publicKey !== null && state?.publicKey === publicKey) return id;
  }
  return undefined;
}

async function removePeer(core: Core, record: AttachmentRecord): Promise<void> {
  if (record.publicKey !== null) return core.pods.remove(record.publicKey);
  // An ADD cut short by a crash: its key is not on disk, but nobody else can hold its addresses.
  const held = new Set(record.addresses.map(({ address }) => hostCidr(address)));
  const state = await core.pods.observe();
  const peer = state?.peers.find(({ allowedIps }) => allowedIps.some((cidr) => held.has(cidr)));
  if (peer !== undefined && core.register.byPublicKey(peer.publicKey) === undefined) {
    await core.pods.remove(peer.publicKey);
  }
}

/** The kernel's devices are found by their namespace, userspace ones by their id. */
async function findAdopted(
  core: Core,
  key: AttachmentKey,
  netns: string | undefined,
): Promise<AttachmentRecord | undefined> {
  const state = await findUnrecorded(core, key, netns);
  const adopted = state?.publicKey === undefined ? undefined : core.register.byPublicKey(state.publicKey);
  if (state === undefined || adopted?.state !== 'adopted') return undefined;
  core.ports.occupy(state.listenPort);
  return { ...adopted, port: state.listenPort };
}

function findUnrecorded(core: Core, key: AttachmentKey, netns: string | undefined): Promise<DeviceState | undefined> {
  if (netns !== undefined) return findDevice(core, deviceOf(core.deps.nodeId, { ...key, netns }));
  const { id } = deviceOf(core.deps.nodeId, { ...key, netns: '' });
  return core.deps.devices.backend === 'kernel' ? Promise.resolve(undefined) : findDevice(core, { id, name: id });
}
