/** What is left of an attachment in its namespace: neither a missing path nor a reused inode proves a death, only its device does (design §5). */
import type { Core } from './core.ts';
import { orGone } from './found-device.ts';
import type { AttachmentRecord } from './record.ts';

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
