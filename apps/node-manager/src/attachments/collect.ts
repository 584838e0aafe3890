/** GC: removes what the runtime does not list as valid; what is alive is kept unless forced. SPEC: CNI 1.1 GC */
import type { Collected, CollectInput } from '@wgcni/api';
import { CatalogueError, messageOf } from '@wgcni/base';
import type { Core } from './core.ts';
import { linkOf } from './links/link-of.ts';
import { lookAround } from './look-around.ts';
import { type AttachmentRecord, incarnationOf, keyText } from './record.ts';
import { dissolve } from './release.ts';

/**
 * Removes the attachments of `network` that are not in `input.valid`; another network's are not looked at. What is alive is kept
 * and warned of, unless `input.force`. Goes on past what cannot be removed, then throws CatalogueError `kernel.refused` naming it all.
 */
export async function collect(core: Core, network: string, input: CollectInput): Promise<Collected> {
  const valid = new Set(input.valid.map((key) => keyText({ network, ...key })));
  const invalid = core.register.all().filter((one) => one.network === network && !valid.has(keyText(one)));
  const collected: Collected = { removed: [], kept: [] };
  const failures: string[] = [];
  for (const record of invalid) {
    const { containerId, ifName } = record;
    try {
      const isRemoved = await core.locks.run(keyText(record), () =>
        removeUnlessAlive(core, record, input.force === true),
      );
      (isRemoved ? collected.removed : collected.kept).push({ containerId, ifName });
    } catch (error) {
      failures.push(`${keyText(record)}: ${messageOf(error)}`);
    }
  }
  if (collected.kept.length > 0) core.deps.log.warn({ network, kept: collected.kept }, 'attachments.kept');
  if (failures.length > 0) throw notCollected(failures);
  return collected;
}

/** SPEC: CNI 1.1 GC: a plugin goes on past an error, and reports every one. */
function notCollected(failures: readonly string[]): CatalogueError {
  return new CatalogueError('kernel.refused', `could not be removed: ${failures.join('; ')}`, {
    remedy: 'the node-manager goes on trying; see its log, then run GC again',
  });
}

async function removeUnlessAlive(core: Core, seen: AttachmentRecord, isForced: boolean): Promise<boolean> {
  const record = core.register.get(seen);
  if (record === undefined) return true;
  // FENCE: what another ADD made while we waited for the lock is not what the runtime spoke of.
  if (incarnationOf(record) !== incarnationOf(seen)) return false;
  if (!isForced && (await linkOf(record).isAlive(core, record, await lookAround(core)))) return false;
  await dissolve(core, record);
  return true;
}
