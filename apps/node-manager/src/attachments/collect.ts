/** GC: removes what the runtime does not list as valid; what is alive is kept unless forced. SPEC: CNI 1.1 GC */
import type { Collected, CollectInput } from '@wgcni/api';
import { isAlive } from './alive.ts';
import type { Core } from './core.ts';
import { type AttachmentRecord, incarnationOf, keyText } from './record.ts';
import { dissolve } from './release.ts';

/**
 * Removes the attachments of `network` that are not in `input.valid`; another network's are not looked at. What is alive is kept
 * and warned of, unless `input.force`. Throws CatalogueError when something could not be removed.
 */
export async function collect(core: Core, network: string, input: CollectInput): Promise<Collected> {
  const valid = new Set(input.valid.map((key) => keyText({ network, ...key })));
  const invalid = core.register.all().filter((one) => one.network === network && !valid.has(keyText(one)));
  const collected: Collected = { removed: [], kept: [] };
  for (const record of invalid) {
    const isRemoved = await core.locks.run(keyText(record), () =>
      removeUnlessAlive(core, record, input.force === true),
    );
    const { containerId, ifName } = record;
    (isRemoved ? collected.removed : collected.kept).push({ containerId, ifName });
  }
  if (collected.kept.length > 0) core.deps.log.warn({ network, kept: collected.kept }, 'attachments.kept');
  return collected;
}

async function removeUnlessAlive(core: Core, seen: AttachmentRecord, isForced: boolean): Promise<boolean> {
  const record = core.register.get(seen);
  if (record === undefined) return true;
  // FENCE: what another ADD made while we waited for the lock is not what the runtime spoke of.
  if (incarnationOf(record) !== incarnationOf(seen)) return false;
  if (!isForced && (await isAlive(core, record, await core.deps.udpPorts.bound()))) return false;
  await dissolve(core, record);
  return true;
}
