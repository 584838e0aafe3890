/** Userspace: a container's device whose process died is made anew with another key; address, port, MTU and routes stay. */
import { messageOf } from '@wgcni/base';
import type { PeerChange } from '@wgcni/wg';
import { deviceIdPrefix } from '../keys/device-id.ts';
import { configOf } from '../pods/plan-pods.ts';
import { linkUp, settle } from './attach.ts';
import { containerSidePeer, deviceOf, nodeSidePeer } from './container-device.ts';
import { type Core, isOrphaned } from './core.ts';
import { isNamespaceThere } from './alive.ts';
import { findDevice } from './found-device.ts';
import { type AttachmentRecord, keyOf, keyText } from './record.ts';

/** Replaces every dead device whose container still has its namespace; a dead pods device by `reconcile`, before them. */
export async function reviveDead(core: Core, reconcile: () => Promise<void>): Promise<void> {
  if (core.deps.devices.backend === 'kernel') return;
  const live = new Set(await core.deps.devices.liveIds(deviceIdPrefix));
  const dead = core.register
    .all()
    .filter((one) => mayBeRevived(core, one) && !live.has(deviceOf(core.deps.nodeId, one).id));
  if (!live.has(core.pods.ref.id)) await reconcile();
  for (const record of dead) await core.locks.run(keyText(record), () => tryRevive(core, record));
}

function mayBeRevived(core: Core, record: AttachmentRecord): boolean {
  if (record.state !== 'attached' && record.state !== 'answered') return false;
  if (record.addressesOnly === true || record.bootId !== core.bootId || isOrphaned(core, record)) return false;
  return !core.register.isLeaving(record) && !core.locks.isHeld(keyText(record));
}

async function tryRevive(core: Core, seen: AttachmentRecord): Promise<void> {
  const record = core.register.get(seen);
  if (record === undefined || record.publicKey !== seen.publicKey || core.register.isLeaving(record)) return;
  try {
    if (!(await isNamespaceThere(core, record))) return;
    if ((await findDevice(core, deviceOf(core.deps.nodeId, record))) === undefined) await revive(core, record);
  } catch (error) {
    core.deps.log.error({ ...keyOf(record), error: messageOf(error) }, 'attachment.revive-failed');
  }
}

async function revive(core: Core, before: AttachmentRecord): Promise<void> {
  const pair = core.deps.keys.generate();
  const ref = deviceOf(core.deps.nodeId, before);
  const { port: listenPort, addresses } = before;
  const record: AttachmentRecord = { ...before, publicKey: pair.publicKey };
  // ORDER: the new key is on disk before the kernel has it; the old peer then holds nothing of its own and goes.
  await core.register.put(record);
  const peer = configOf(nodeSidePeer(pair.publicKey, listenPort, addresses));
  const old: PeerChange[] = before.publicKey === null ? [] : [{ kind: 'remove', publicKey: before.publicKey }];
  await core.pods.change(() => [{ kind: 'add', peer }, ...old]);
  const peers = [containerSidePeer(core.pods, addresses)];
  try {
    await core.deps.devices.create(ref, record.mtu);
    await core.deps.devices.configure(ref, { privateKey: pair.privateKey, listenPort, peers });
    await linkUp(core, record);
  } catch (error) {
    // A half-made device would seem to live and never be replaced.
    await core.deps.devices.remove(ref);
    throw error;
  }
  await settle(core, ref);
  core.deps.log.warn({ ...keyOf(record), publicKey: record.publicKey }, 'attachment.revived');
}
