/** Peers without a record: adopted with what the device knows of them, and given their name back when a runtime says it. */
import type { AttachmentKey } from '@wgcni/api';
import { formatAddress, tryParseCidr, widthOf } from '@wgcni/ipam';
import type { ObservedPeer } from '@wgcni/wg';
import { createHash } from 'node:crypto';
import { adoptedRecord } from './adopted-record.ts';
import type { Core } from './core.ts';
import { orGone } from './found-device.ts';
import { links } from './links/link-of.ts';
import type { AttachmentRecord } from './record.ts';

/** Records a peer that was found on the pods device, so that its addresses are not given twice (design §4.7). */
export async function adopt(core: Core, peer: ObservedPeer): Promise<void> {
  const addresses = peer.allowedIps.flatMap(singleAddress).filter((address) => core.ledger.occupy(address));
  const fields = { publicKey: peer.publicKey, endpoint: peer.endpoint, allowedIps: peer.allowedIps };
  if (addresses.length === 0) return core.deps.log.warn(fields, 'peer.unaccounted');
  const port = loopbackPort(core, peer.endpoint);
  core.ports.occupy(port);
  const containerId = createHash('sha256').update(peer.publicKey).digest('hex').slice(0, 32);
  await core.register.put({ ...adoptedRecord(core, containerId, addresses), port, publicKey: peer.publicKey });
  core.deps.log.warn(fields, 'attachment.adopted');
}

/**
 * The record of an attachment whose file was lost, found by what joins it to the node: the adopted one gets its name back. Resolves with
 * undefined when there is none. The caller holds the lock of the key.
 */
export async function recognise(
  core: Core,
  key: AttachmentKey,
  netns: string | undefined,
): Promise<AttachmentRecord | undefined> {
  const adopted = await findAdopted(core, key, netns);
  if (adopted === undefined) return undefined;
  const found = netns === undefined ? undefined : await orGone(core.deps.iproute.identify(netns));
  const place = netns === undefined || found === undefined ? { netns: '', netnsId: '' } : { netns, netnsId: found };
  const record: AttachmentRecord = { ...adopted, ...key, ...place, state: 'answered' };
  await core.register.rename(adopted, record);
  core.deps.log.info({ ...key, publicKey: record.publicKey }, 'attachment.recognised');
  return record;
}

async function findAdopted(
  core: Core,
  key: AttachmentKey,
  netns: string | undefined,
): Promise<AttachmentRecord | undefined> {
  for (const link of links) {
    const adopted = await link.findAdopted(core, key, netns);
    if (adopted !== undefined) return adopted;
  }
  return undefined;
}

function singleAddress(cidr: string): string[] {
  const parsed = tryParseCidr(cidr);
  if (parsed === undefined || parsed.length !== widthOf(parsed.family)) return [];
  return [formatAddress({ family: parsed.family, value: parsed.base })];
}

function loopbackPort(core: Core, endpoint: string | undefined): number {
  const port = Number(/^127\.0\.0\.1:(\d+)$/.exec(endpoint ?? '')?.[1] ?? 0);
  return core.ports.has(port) ? port : 0;
}
