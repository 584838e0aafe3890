/** CHECK: the attachment is as ADD left it, or an error names what is not. */
import type { AttachmentKey, CheckInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { type Core, isOrphaned } from './core.ts';
import { linkOf } from './links/link-of.ts';
import { recognise } from './recognise.ts';
import { type AttachmentRecord, keyText } from './record.ts';

/**
 * Succeeds when the attachment works. Throws CatalogueError `attachment.unknown` when there is no allocation, `node.limited` when
 * it is orphaned, `attachment.broken` naming every fault.
 */
export function check(core: Core, key: AttachmentKey, input: CheckInput): Promise<void> {
  return core.locks.run(keyText(key), async () => {
    const record = core.register.get(key) ?? (await recognise(core, key, input.netns));
    if (record === undefined || core.register.isLeaving(key)) throw unknownAttachment(key);
    if (isOrphaned(core, record)) throw orphanedError(record);
    const faults = await linkOf(record).faults(core, record, input);
    if (faults.length > 0) throw brokenError(record, faults);
    // A runtime that checks has the result: the word of the plugin that it was answered may have been lost.
    if (record.state === 'attached') await core.register.put({ ...record, state: 'answered' });
  });
}

/** There is no record of `key`. */
export function unknownAttachment(key: AttachmentKey): CatalogueError {
  return new CatalogueError('attachment.unknown', `no address is allocated to ${keyText(key)}`, {
    remedy: 'add the container again',
  });
}

function orphanedError(record: AttachmentRecord): CatalogueError {
  const addresses = record.addresses.map(({ address }) => address).join(', ');
  return new CatalogueError(
    'node.limited',
    `${keyText(record)} is orphaned: the node lost the subnet of ${addresses}`,
    {
      remedy: 'delete the container and add it again: nothing is renumbered in place',
    },
  );
}

function brokenError(record: AttachmentRecord, faults: readonly string[]): CatalogueError {
  return new CatalogueError('attachment.broken', `${keyText(record)}: ${faults.join('; ')}`, {
    remedy: 'delete the container and add it again',
  });
}
