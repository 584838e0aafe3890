/** A network's MTU that changed reaches the containers that run; what it cannot reach is named. */
import { messageOf } from '@wgcni/base';
import type { NodeStatus } from '@wgcni/api';
import type { Core } from './core.ts';
import { linkOf } from './links/link-of.ts';
import { type AttachmentRecord, keyOf, keyText } from './record.ts';

/** So many devices are written at once: each waits for a process of its own most of the time. */
const writers = 8;

/** Writes the network's MTU to the containers' devices that have another; each may have to wait for an ADD or DEL of its attachment. */
export async function alignMtu(core: Core): Promise<void> {
  const mtu = core.view?.mtu;
  if (mtu === undefined) return;
  const all = differingMtu(core);
  const keys = new Set(all.map((record) => keyText(record)));
  for (const key of core.mtuFaults.keys()) if (!keys.has(key)) core.mtuFaults.delete(key);
  const differing = all.values();
  const writer = async (): Promise<void> => {
    for (const record of differing) await core.locks.run(keyText(record), () => writeMtu(core, record, mtu));
  };
  await Promise.all(Array.from({ length: writers }, writer));
}

/** The attachments whose device has another MTU than the network, with why; they are tried again every two seconds. */
export function waitingForMtu(core: Core): NodeStatus['mtu']['waiting'] {
  return differingMtu(core).map((record) => {
    const why = core.mtuFaults.get(keyText(record)) ?? 'its turn comes within two seconds';
    return { ...keyOf(record), mtu: record.mtu, why };
  });
}

/** Nothing is written for addresses that are on somebody else's device, nor while ADD is at work. */
function differingMtu(core: Core): AttachmentRecord[] {
  const mtu = core.view?.mtu;
  if (mtu === undefined) return [];
  return core.register.all().filter((one) => one.mtu !== mtu && one.state !== 'reserved' && one.addressesOnly !== true);
}

async function writeMtu(core: Core, seen: AttachmentRecord, mtu: number): Promise<void> {
  const record = core.register.get(seen);
  if (record === undefined || record.mtu === mtu || core.register.isLeaving(record)) return;
  try {
    if (record.netns === '') return noteFault(core, record, mtu, 'its network namespace is not known before a CHECK');
    const link = linkOf(record);
    if (!(await link.isThere(core, record)))
      return noteFault(core, record, mtu, `its device is not to be found in ${record.netns}`);
    await link.setMtu(core, record, mtu);
    await core.register.put({ ...record, mtu });
    core.mtuFaults.delete(keyText(record));
    core.deps.log.info({ ...keyOf(record), from: record.mtu, mtu }, 'attachment.mtu-changed');
  } catch (error) {
    noteFault(core, record, mtu, messageOf(error));
  }
}

/** Logged once for each cause. */
function noteFault(core: Core, record: AttachmentRecord, mtu: number, why: string): void {
  const key = keyText(record);
  if (core.mtuFaults.get(key) === why) return;
  core.mtuFaults.set(key, why);
  core.deps.log.warn({ ...keyOf(record), from: record.mtu, mtu, why }, 'attachment.mtu-waits');
}
