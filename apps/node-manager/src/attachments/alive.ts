/** Whether an attachment lives: neither a missing path nor a reused inode proves a death, only its device does (design §5). */
import type { Core } from './core.ts';
import { isDeviceThere, orGone } from './found-device.ts';
import type { AttachmentRecord } from './record.ts';

/**
 * Addresses alone are alive while an interface in their namespace has one of them. Any other attachment is alive while its UDP port is
 * bound in the node's namespace, or its device is found in its namespace with its public key.
 */
export async function isAlive(core: Core, record: AttachmentRecord, bound: ReadonlySet<number>): Promise<boolean> {
  if (record.addressesOnly === true) return isAddressThere(core, record);
  // Someone who dialled in from elsewhere has no device here to look at.
  if (record.port === 0 || bound.has(record.port)) return true;
  return isDeviceThere(core, record);
}

/**
 * Whether the namespace of the ADD is still behind its path, in the boot that made it: then a dead userspace device can be made anew. An
 * inode can be another namespace's by now, so this proves neither a life nor a death.
 */
export async function isNamespaceThere(core: Core, record: AttachmentRecord): Promise<boolean> {
  if (record.netns === '' || record.bootId !== core.bootId) return false;
  return (await orGone(core.deps.iproute.identify(record.netns))) === record.netnsId;
}

/** Whether the namespace of a record can be entered and has one of its addresses. */
export async function isAddressThere(core: Core, { netns, addresses }: AttachmentRecord): Promise<boolean> {
  const found = await orGone(core.deps.iproute.observe(netns));
  return found?.addresses.some(({ address }) => addresses.some((given) => given.address === address)) === true;
}
