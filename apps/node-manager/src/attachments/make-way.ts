/** Before an ADD: is the namespace fit, and what does an earlier ADD of the same attachment mean for this one? */
import type { AttachInput, AttachmentKey } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import type { KernelState } from '@wgcni/iproute';
import { isAddressThere } from './alive.ts';
import type { Core } from './core.ts';
import { linkOf } from './links/link-of.ts';
import { recognise } from './recognise.ts';
import { dissolve } from './release.ts';

/** How long a link that we removed may still be seen: ten looks, 100 ms apart. */
const removalLooks = 10;
const removalLookMs = 100;

/** The node-manager's own network namespace. */
const ownNetns = '/proc/self/ns/net';

/**
 * The identity of the container's namespace. Throws CatalogueError `netns.unusable`, or `netns.is-host` when it is the
 * node-manager's own and the caller did not allow that.
 */
export async function inspectNamespace(core: Core, { netns, allowHostNetns }: AttachInput): Promise<string> {
  const identity = await core.deps.iproute.identify(netns);
  if (allowHostNetns === true || !(await isOwnNamespace(core, identity))) return identity;
  throw new CatalogueError('netns.is-host', `${netns} is the node's own network namespace`, {
    field: 'netns',
    remedy: "give the container a namespace of its own; CNI_NETNS_OVERRIDE accepts the node's",
  });
}

/** Whether a namespace is the node-manager's own. */
export async function isOwnNamespace(core: Core, identity: string): Promise<boolean> {
  return identity === (await core.deps.iproute.identify(ownNetns));
}

/**
 * Releases what an earlier ADD of this attachment left; resolves with what is in the namespace then. Throws CatalogueError `interface.exists` when it was answered and its
 * device lives in the namespace, or when another interface there has the name.
 */
export async function makeWay(core: Core, key: AttachmentKey, netns: string, netnsId: string): Promise<KernelState> {
  let found = await core.deps.iproute.observe(netns);
  const isThere = hasLink(found, key.ifName);
  const earlier = core.register.get(key) ?? (await recognise(core, key, netns));
  if (earlier !== undefined) {
    const isHere =
      isThere && earlier.netnsId === netnsId && (await linkOf(earlier).isThere(core, { ...earlier, netns }));
    if (isHere && earlier.state === 'answered' && !core.register.isLeaving(key)) throw existsError(key, netns);
    await dissolve(core, earlier);
    found = await afterRemoval(core, netns, key.ifName);
  }
  if (hasLink(found, key.ifName)) throw existsError(key, netns);
  return found;
}

/**
 * The same for addresses alone, whose interface somebody else makes, before or after. Throws CatalogueError `interface.exists` when an
 * earlier ADD was answered and its address is in use in this namespace.
 */
export async function makeWayForAddresses(core: Core, key: AttachmentKey, netnsId: string): Promise<void> {
  const earlier = core.register.get(key);
  if (earlier === undefined) return;
  const isHere = earlier.netnsId === netnsId && (await isAddressThere(core, earlier));
  if (isHere && earlier.state === 'answered' && !core.register.isLeaving(key)) throw existsError(key, earlier.netns);
  await dissolve(core, earlier);
}

/** The kernel takes its time to remove a WireGuard link, and a loaded machine more. */
async function afterRemoval(core: Core, netns: string, ifName: string): Promise<KernelState> {
  for (let look = 1; ; look += 1) {
    const found = await core.deps.iproute.observe(netns);
    if (look === removalLooks || !hasLink(found, ifName)) return found;
    await core.deps.clock.sleep(removalLookMs);
  }
}

function hasLink({ links }: KernelState, ifName: string): boolean {
  return links.some(({ name }) => name === ifName);
}

function existsError({ ifName, containerId }: AttachmentKey, netns: string): CatalogueError {
  return new CatalogueError(
    'interface.exists',
    `${netns} has an interface ${ifName} already (container ${containerId})`,
    {
      field: 'ifName',
      remedy: 'delete the attachment first, or ask for another interface name',
    },
  );
}
