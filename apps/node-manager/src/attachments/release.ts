/** DEL: device, peer, record, address, in that order; whatever is missing is fine, neither netns nor result is needed. */
import type { AttachmentKey } from '@wgcni/api';
import { CatalogueError, messageOf } from '@wgcni/base';
import { isOutdated, type QueueEntry } from '@wgcni/cni';
import { type Core, tellWhenEmpty } from './core.ts';
import { linkOf, links } from './links/link-of.ts';
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
  const record = core.register.get(key) ?? (await recall(core, key, netns));
  // FENCE: compared under the lock; a deletion that was queued before this attachment was made must not kill it.
  if (queued !== undefined && record !== undefined && isOutdated({ ...key, ...queued }, record, core.bootId))
    return false;
  // FENCE: an undo that comes late must not kill what the next ADD of the same key has made.
  if (isMeant !== undefined && (record === undefined || !isMeant(record))) return false;
  if (record === undefined) for (const link of links) await link.removeUnrecorded(core, key);
  else if (isMeant !== undefined) await undo(core, record);
  else await dissolve(core, record);
  return true;
}

/** What answers no question in userspace is ended by its id all the same; its adopted peer is then seen to be dead. */
async function recall(
  core: Core,
  key: AttachmentKey,
  netns: string | undefined,
): Promise<AttachmentRecord | undefined> {
  try {
    return await recognise(core, key, netns);
  } catch (error) {
    const isMute = error instanceof CatalogueError && ['timed.out', 'kernel.refused'].includes(error.code);
    if (!isMute || core.deps.devices.backend === 'kernel') throw error;
    core.deps.log.warn({ ...keyOf(key), error: messageOf(error) }, 'attachment.not-recognised');
    return undefined;
  }
}

/**
 * Dissolves what its ADD never answered, or what is dead: once begun it ends, be it at the next start. A DEL that a crash cuts short is
 * left whole instead: whoever asked for it got no answer and asks again, or has queued it (decision 0004).
 */
export async function undo(core: Core, record: AttachmentRecord): Promise<void> {
  core.register.markLeaving(record);
  // ORDER: on disk as what a start rolls back, before anything is taken away that a start would restore.
  if (record.state === 'attached' || record.state === 'answered') await putReserved(core, record);
  await dissolve(core, record);
}

async function putReserved(core: Core, record: AttachmentRecord): Promise<void> {
  try {
    await core.register.put({ ...record, state: 'reserved' });
  } catch (error) {
    // A full disk takes no record, but it forgets one.
    core.deps.log.warn({ ...keyOf(record), error: messageOf(error) }, 'attachment.undo-unmarked');
  }
}

/** ORDER: no address is free while another container's device sends what is for it to the one that is gone; nobody waits for that here. */
function freeOrHoldBack(core: Core, { publicKey, addresses, port }: AttachmentRecord): void {
  const free = (): void => {
    core.ledger.free(addresses.map(({ address }) => address));
    core.ports.free(port);
  };
  const forgotten = publicKey === null ? undefined : core.deps.neighbours?.forgotten(publicKey);
  if (forgotten === undefined) free();
  else core.heldBack.add(addresses, forgotten, free);
}

/** Undoes everything a record stands for; the caller holds the lock of its key. */
export async function dissolve(core: Core, record: AttachmentRecord): Promise<void> {
  const { reach } = core.deps;
  core.register.markLeaving(record);
  reach('del/marked');
  await linkOf(record).removeDevice(core, record);
  reach('del/device removed');
  await linkOf(record).removeNodeSide(core, record);
  reach('del/peer removed');
  // ORDER: the address is free only after kernel and disk have forgotten it (design §4.7).
  await core.register.forget(record);
  reach('del/record removed');
  freeOrHoldBack(core, record);
  reach('del/address freed');
  core.deps.log.info(
    { ...keyOf(record), addresses: record.addresses.map(({ address }) => address) },
    'attachment.released',
  );
  tellWhenEmpty(core);
}
