/** DEL: device, peer, record, address, in that order; whatever is missing is fine, neither netns nor result is needed. */
import type { AttachmentKey } from '@wgcni/api';
import { isOutdated, type QueueEntry } from '@wgcni/cni';
import { hostCidr, deviceOf, isDeviceOf } from './container-device.ts';
import { type Core, tellWhenEmpty } from './core.ts';
import { findDevice } from './found-device.ts';
import { recognise } from './recognise.ts';
import { type AttachmentRecord, keyOf, keyText } from './record.ts';

export interface ReleaseOptions {
  /** Where the device was; helps only when the record was lost. */
  netns?: string;
  /** When this deletion began: it must not kill an attachment that was made since. */
  queued?: Pick<QueueEntry, 'queuedAt' | 'bootId' | 'uptimeMs'>;
  /** Whether the attachment is the one that is meant: another ADD of the same key may have replaced it. */
  isMeant?: (record: AttachmentRecord) => boolean;
}

/**
 * Releases the attachment of `key`; succeeds when there is none. Resolves with false when it is newer than the deletion, or not the one that is meant, and stays.
 * Throws CatalogueError `kernel.refused` or `io.failed` when something of it could not be removed: then its address is not free.
 */
export function release(core: Core, key: AttachmentKey, options: ReleaseOptions = {}): Promise<boolean> {
  return core.locks.run(keyText(key), () => releaseLocked(core, key, options));
}

/** The same for a caller that holds the lock of the key. */
export async function releaseLocked(
  core: Core,
  key: AttachmentKey,
  { netns, queued, isMeant }: ReleaseOptions,
): Promise<boolean> {
  const record = core.register.get(key) ?? (await recognise(core, key, netns));
  // FENCE: compared under the lock; a deletion that was queued before this attachment was made must not kill it.
  if (queued !== undefined && record !== undefined && isOutdated({ ...key, ...queued }, record, core.bootId))
    return false;
  // FENCE: an undo that comes late must not kill what the next ADD of the same key has made.
  if (isMeant !== undefined && (record === undefined || !isMeant(record))) return false;
  if (record === undefined) await endProcess(core, key);
  else await dissolve(core, record);
  return true;
}

/** Undoes everything a record stands for; the caller holds the lock of its key. */
export async function dissolve(core: Core, record: AttachmentRecord): Promise<void> {
  const { reach } = core.deps;
  core.register.markLeaving(record);
  reach('del/marked');
  await removeDevice(core, record);
  reach('del/device removed');
  await removePeer(core, record);
  reach('del/peer removed');
  // ORDER: the address is free only after kernel and disk have forgotten it (design §4.7).
  await core.register.forget(record);
  reach('del/record removed');
  core.ledger.free(record.addresses.map(({ address }) => address));
  core.ports.free(record.port);
  reach('del/address freed');
  core.deps.log.info(
    { ...keyOf(record), addresses: record.addresses.map(({ address }) => address) },
    'attachment.released',
  );
  tellWhenEmpty(core);
}

async function removeDevice(core: Core, record: AttachmentRecord): Promise<void> {
  if (record.addressesOnly === true) return;
  if (record.netns === '') return endProcess(core, record);
  const ref = deviceOf(core.deps.nodeId, record);
  const state = await findDevice(core, ref);
  if (state !== undefined && isDeviceOf(record, state, core.pods.publicKey)) await core.deps.devices.remove(ref);
  else await endProcess(core, record);
}

/** Ends a userspace process by its id alone: named like it, so that no other link of that name can be meant. */
async function endProcess(core: Core, key: AttachmentKey): Promise<void> {
  if (core.deps.devices.backend === 'kernel') return;
  const { id } = deviceOf(core.deps.nodeId, { ...key, netns: '' });
  const live = await core.deps.devices.liveIds(id);
  if (live.includes(id)) await core.deps.devices.remove({ id, name: id });
}

async function removePeer(core: Core, record: AttachmentRecord): Promise<void> {
  if (record.addressesOnly === true) return;
  if (record.publicKey !== null) return core.pods.remove(record.publicKey);
  // An ADD cut short by a crash: its key is not on disk, but nobody else can hold its addresses.
  const held = new Set(record.addresses.map(({ address }) => hostCidr(address)));
  const state = await core.pods.observe();
  const peer = state?.peers.find(({ allowedIps }) => allowedIps.some((cidr) => held.has(cidr)));
  if (peer !== undefined && core.register.byPublicKey(peer.publicKey) === undefined) {
    await core.pods.remove(peer.publicKey);
  }
}
