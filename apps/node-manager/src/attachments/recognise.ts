/** Peers without a record: adopted with what the device knows of them, and given their name back when a runtime says it. */
import type { AttachmentKey } from '@wgcni/api';
import { formatAddress, tryParseCidr, widthOf } from '@wgcni/ipam';
import type { DeviceState, ObservedPeer } from '@wgcni/wg';
import { createHash } from 'node:crypto';
import { deviceOf } from './container-device.ts';
import { type Core, viewOf } from './core.ts';
import { findDevice, orGone } from './found-device.ts';
import type { AttachmentRecord } from './record.ts';

/** Network name under which peers without a record are listed. */
const adoptedNetwork = 'adopted';

/** Records a peer that was found on the pods device, so that its addresses are not given twice (design §4.7). */
export async function adopt(core: Core, peer: ObservedPeer): Promise<void> {
  const addresses = peer.allowedIps.flatMap(singleAddress).filter((address) => core.ledger.occupy(address));
  const fields = { publicKey: peer.publicKey, endpoint: peer.endpoint, allowedIps: peer.allowedIps };
  if (addresses.length === 0) return core.deps.log.warn(fields, 'peer.unaccounted');
  const port = loopbackPort(core, peer.endpoint);
  core.ports.occupy(port);
  await core.register.put({
    schema: 1,
    network: adoptedNetwork,
    containerId: createHash('sha256').update(peer.publicKey).digest('hex').slice(0, 32),
    ifName: 'unknown',
    state: 'adopted',
    netns: '',
    netnsId: '',
    addresses: addresses.map((address) => ({ address, gateway: core.ledger.gatewayOf(address) ?? '' })),
    port,
    publicKey: peer.publicKey,
    mtu: viewOf(core).mtu,
    // Nobody knows when it was made: a queued deletion of it is younger, whatever its instant (decision 0001, N5).
    recordedAt: new Date(0).toISOString(),
    uptimeMs: 0,
    bootId: core.bootId,
  });
  core.deps.log.warn(fields, 'attachment.adopted');
}

/**
 * The record of an attachment whose file was lost, found by its live device: the adopted peer gets its name back. The kernel's
 * devices are found by their namespace, userspace ones by their id. Resolves with undefined when there is no such device. The
 * caller holds the lock of the key.
 */
export async function recognise(
  core: Core,
  key: AttachmentKey,
  netns: string | undefined,
): Promise<AttachmentRecord | undefined> {
  const state = await findUnrecorded(core, key, netns);
  const adopted = state?.publicKey === undefined ? undefined : core.register.byPublicKey(state.publicKey);
  if (state === undefined || adopted?.state !== 'adopted') return undefined;
  const found = netns === undefined ? undefined : await orGone(core.deps.iproute.identify(netns));
  const place = netns === undefined || found === undefined ? { netns: '', netnsId: '' } : { netns, netnsId: found };
  const record: AttachmentRecord = { ...adopted, ...key, ...place, state: 'answered', port: state.listenPort };
  core.ports.occupy(record.port);
  await core.register.rename(adopted, record);
  core.deps.log.info({ ...key, publicKey: record.publicKey }, 'attachment.recognised');
  return record;
}

function findUnrecorded(core: Core, key: AttachmentKey, netns: string | undefined): Promise<DeviceState | undefined> {
  if (netns !== undefined) return findDevice(core, deviceOf(core.deps.nodeId, { ...key, netns }));
  const { id } = deviceOf(core.deps.nodeId, { ...key, netns: '' });
  return core.deps.devices.backend === 'kernel' ? Promise.resolve(undefined) : findDevice(core, { id, name: id });
}

function singleAddress(cidr: string): string[] {
  const parsed = tryParseCidr(cidr);
  if (parsed === undefined || parsed.length !== widthOf(parsed.family)) return [];
  return [formatAddress({ family: parsed.family, value: parsed.base })];
}

function loopbackPort(core: Core, endpoint: string | undefined): number {
  const port = Number(/^127\.0\.0\.1:(\d+)$/.exec(endpoint ?? '')?.[1] ?? 0);
  return core.ports.has(port) ? port : 0;
}
