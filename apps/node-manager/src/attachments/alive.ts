/** Whether an attachment lives: neither a missing path nor a reused inode proves a death, only its device does (design §5). */
import type { Core } from './core.ts';
import { isDeviceThere } from './found-device.ts';
import type { AttachmentRecord } from './record.ts';

/** Alive while its UDP port is bound in the node's namespace, or its device is found in its namespace with its public key. */
export async function isAlive(core: Core, record: AttachmentRecord, bound: ReadonlySet<number>): Promise<boolean> {
  // Someone who dialled in from elsewhere has no device here to look at.
  if (record.port === 0 || bound.has(record.port)) return true;
  return isDeviceThere(core, record);
}
