/** Self-reconciliation: frees attachments whose container is gone without a DEL. */
import { messageOf } from '@wgcni/base';
import { isNamespaceThere } from './alive.ts';
import type { Core } from './core.ts';
import { judgeDead } from './judge-dead.ts';
import { linkOf } from './links/link-of.ts';
import type { Surroundings } from './links/link.ts';
import { lookAround } from './look-around.ts';
import { type AttachmentRecord, incarnationOf, keyOf, keyText } from './record.ts';
import { rollBack } from './roll-back.ts';

/** One observation; resolves with since when each suspect has been one, for the next. */
export async function freeDead(core: Core, before: ReadonlyMap<string, number>): Promise<Map<string, number>> {
  const settled = core.register.all().filter((record) => isSettled(core, record));
  const seen = await lookAround(core);
  const dead: AttachmentRecord[] = [];
  for (const record of settled) if (await seemsDead(core, record, seen)) dead.push(record);
  const judgement = judgeDead(before, {
    nowMs: core.deps.clock.monotonicMs(),
    dead: dead.map(incarnationOf),
    fromOtherBoot: new Set(dead.filter(({ bootId }) => bootId !== core.bootId).map(incarnationOf)),
    total: settled.filter(({ bootId }) => bootId === core.bootId).length,
  });
  if (judgement.withheld.length > 0) core.deps.log.error({ withheld: judgement.withheld }, 'attachments.mostly-dead');
  const doomed = new Set(judgement.free);
  for (const record of dead.filter((one) => doomed.has(incarnationOf(one)))) await freeOne(core, record);
  return judgement.suspects;
}

/** An ADD or DEL in progress is not judged. */
function isSettled(core: Core, record: AttachmentRecord): boolean {
  // Without a device a missing namespace is no proof: only another boot is, or a runtime's GC.
  if (record.addressesOnly === true && record.bootId === core.bootId) return false;
  return !core.locks.isHeld(keyText(record)) && record.state !== 'reserved' && !core.register.isLeaving(record);
}

/** A look that fails proves nothing, and keeps nobody else from being looked at. */
async function seemsDead(core: Core, record: AttachmentRecord, seen: Surroundings): Promise<boolean> {
  const link = linkOf(record);
  try {
    if (await link.isAlive(core, record, seen)) return false;
    // Processes die and are made anew; what waits for that is not dead, however long it waits (decision 0004).
    return !link.hasProcess(core) || !(await isNamespaceThere(core, record));
  } catch (error) {
    core.deps.log.warn({ ...keyOf(record), error: messageOf(error) }, 'attachment.look-failed');
    return false;
  }
}

/** What cannot be freed now is marked as leaving, and `retryRollbacks` goes on with it. */
async function freeOne(core: Core, seen: AttachmentRecord): Promise<void> {
  await core.locks.run(keyText(seen), async () => {
    const record = core.register.get(seen);
    if (record === undefined || incarnationOf(record) !== incarnationOf(seen)) return;
    // FENCE: a last look under the lock; a process that was revived meanwhile lives.
    if (!(await seemsDead(core, record, await lookAround(core)))) return;
    core.deps.log.warn(keyOf(record), 'attachment.dead');
    await rollBack(core, record);
  });
}
