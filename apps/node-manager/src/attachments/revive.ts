/**
 * Userspace: a container's device whose process died, or that a crash left half made anew, is made anew with another key; address, port,
 * MTU and routes stay.
 */
import { messageOf } from '@wgcni/base';
import type { KeyPair, PeerChange, PublicKey } from '@wgcni/wg';
import { deviceIdPrefix } from '../keys/device-id.ts';
import { configOf } from '../pods/plan-pods.ts';
import { containerSidePeer, deviceOf, nodeSidePeer } from './container-device.ts';
import { type Core, isOrphaned } from './core.ts';
import { isNamespaceThere } from './alive.ts';
import { findDevice } from './found-device.ts';
import { linkOf } from './links/link-of.ts';
import { linkUp, settle } from './links/wireguard-link.ts';
import { type AttachmentRecord, keyOf, keyText } from './record.ts';

/** So many are made anew at once: each waits for its own process most of the time. */
const revivers = 8;

/** Replaces every dead device whose container still has its namespace; a dead pods device by `reconcile`, before them. */
export async function reviveDead(core: Core, reconcile: () => Promise<void>): Promise<void> {
  if (core.deps.devices.backend === 'kernel') return;
  const live = new Set(await core.deps.devices.liveIds(deviceIdPrefix));
  const dead = core.register
    .all()
    .filter((one) => mayBeRevived(core, one) && (isHalfMade(one) || !live.has(deviceOf(core.deps.nodeId, one).id)))
    .values();
  if (!live.has(core.pods.ref.id)) await reconcile();
  const reviver = async (): Promise<void> => {
    for (const record of dead) await core.locks.run(keyText(record), () => tryRevive(core, record));
  };
  await Promise.all(Array.from({ length: revivers }, reviver));
}

/** A crash in the middle of `revive` leaves a process that lives and a device that is not whole. */
function isHalfMade({ reviving }: AttachmentRecord): boolean {
  return reviving === true;
}

function mayBeRevived(core: Core, record: AttachmentRecord): boolean {
  if (record.state !== 'attached' && record.state !== 'answered') return false;
  if (!linkOf(record).hasProcess(core) || record.bootId !== core.bootId || isOrphaned(core, record)) return false;
  return !core.register.isLeaving(record) && !core.locks.isHeld(keyText(record));
}

async function tryRevive(core: Core, seen: AttachmentRecord): Promise<void> {
  const record = core.register.get(seen);
  if (record === undefined || record.publicKey !== seen.publicKey || core.register.isLeaving(record)) return;
  try {
    if (!(await isNamespaceThere(core, record))) return;
    const isDead = isHalfMade(record) || (await findDevice(core, deviceOf(core.deps.nodeId, record))) === undefined;
    if (isDead) await revive(core, record);
  } catch (error) {
    core.deps.log.error({ ...keyOf(record), error: messageOf(error) }, 'attachment.revive-failed');
  }
}

async function revive(core: Core, before: AttachmentRecord): Promise<void> {
  const pair = core.deps.keys.generate();
  const record: AttachmentRecord = { ...before, state: 'attached', publicKey: pair.publicKey };
  // ORDER: the new key is on disk before the kernel has it; the old peer then holds nothing of its own and goes.
  // ORDER: marked until it is whole, so that whatever interrupts this is followed by another revival.
  await core.register.put({ ...record, reviving: true });
  core.deps.reach('revive/record the key');
  const old: PeerChange[] = before.publicKey === null ? [] : [{ kind: 'remove', publicKey: before.publicKey }];
  await core.pods.change(() => [...peerOf(core, record, pair.publicKey), ...old]);
  core.deps.reach('revive/change the peers');
  await makeDevice(core, record, pair.privateKey);
  delete record.reviving;
  await core.register.put(record);
  core.deps.reach('revive/record the end');
  core.deps.log.warn({ ...keyOf(record), publicKey: record.publicKey }, 'attachment.revived');
}

/** The peer, as far as the node holds the subnets of its addresses when it is its turn. */
function peerOf(core: Core, { port, addresses }: AttachmentRecord, publicKey: PublicKey): PeerChange[] {
  const held = addresses.filter(({ address }) => core.ledger.isHeld(address));
  return held.length === 0 ? [] : [{ kind: 'add', peer: configOf(nodeSidePeer(publicKey, port, held)) }];
}

async function makeDevice(core: Core, record: AttachmentRecord, privateKey: KeyPair['privateKey']): Promise<void> {
  const { devices, reach, nodeId } = core.deps;
  const { port: listenPort, addresses } = record;
  const ref = deviceOf(nodeId, record);
  await devices.create(ref, record.mtu);
  reach('revive/make the device');
  await devices.configure(ref, { privateKey, listenPort, peers: [containerSidePeer(core.pods, addresses)] });
  reach('revive/configure the device');
  await linkUp(core, record);
  reach('revive/set addresses and routes');
  await settle(core, ref);
  reach('revive/wait for the device');
}
