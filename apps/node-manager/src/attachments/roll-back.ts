/** Undoes ADDs that did not come to their end: at once, at the next start, or whenever it becomes possible. */
import { messageOf } from '@wgcni/base';
import type { Core } from './core.ts';
import { type AttachmentRecord, keyOf, keyText } from './record.ts';
import { undo } from './release.ts';

/** Undoes an ADD that failed; what cannot be undone now keeps its record, and `retryRollbacks` goes on with it. */
export async function rollBack(core: Core, record: AttachmentRecord): Promise<void> {
  try {
    await undo(core, record);
  } catch (error) {
    core.deps.log.error({ ...keyOf(record), error: messageOf(error) }, 'attachment.rollback-failed');
  }
}

/** At start: everything that is still only `reserved` goes. */
export async function rollBackReserved(core: Core): Promise<void> {
  for (const record of core.register.all().filter(({ state }) => state === 'reserved')) await rollBack(core, record);
}

/** Goes on with rollbacks and deletions that failed half-way and that nobody works on. */
export async function retryRollbacks(core: Core): Promise<void> {
  const stuck = core.register
    .all()
    .filter((record) => core.register.isLeaving(record) && !core.locks.isHeld(keyText(record)));
  for (const seen of stuck) {
    await core.locks.run(keyText(seen), async () => {
      const record = core.register.get(seen);
      if (record !== undefined && core.register.isLeaving(record)) await rollBack(core, record);
    });
  }
}
