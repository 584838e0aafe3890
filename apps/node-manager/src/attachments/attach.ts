/** ADD: reserve, peer, device, link, record, in the order that loses no packet and leaks nothing; any failure undoes all. */
import type { AttachInput, Attachment, AttachmentKey } from '@wgcni/api';
import { metricBehind } from './container-device.ts';
import { type Core, momentOf, refuseOrphaned, shownOf, viewOf } from './core.ts';
import type { RequestLimits } from './deps.ts';
import { linkOf } from './links/link-of.ts';
import { inspectNamespace, isOwnNamespace, makeWay, makeWayForAddresses } from './make-way.ts';
import { type AttachmentRecord, keyText } from './record.ts';
import { rollBack } from './roll-back.ts';
import { stepsWithin } from './request-steps.ts';

/**
 * Joins (network, containerId, ifName) to the mesh. Throws CatalogueError: what admission refuses with, `netns.unusable`,
 * `netns.is-host`, `interface.exists`, `pool.exhausted`, `address.unavailable`, `timed.out`, `kernel.refused`, `io.failed`;
 * then nothing of it is left.
 */
export function attach(core: Core, key: AttachmentKey, input: AttachInput, limits: RequestLimits): Promise<Attachment> {
  const step = stepsWithin(limits, core.deps);
  return core.locks.run(keyText(key), async () => {
    refuseNow(core);
    await step('replay queued deletions', () => core.settleQueued(key));
    const netnsId = await step('inspect the namespace', () => inspectNamespace(core, input));
    const kind = await step('release what is stale', () => kindOf(core, key, input, netnsId));
    const { netns, attempt } = input;
    const place: PlaceOf = { netns, netnsId, ...kind, ...(attempt === undefined ? {} : { attempt }) };
    const reserved = await step('reserve an address', async () => {
      await core.heldBack.awaitFree(input.requestedIps ?? [], core.deps.clock, limits.signal);
      return reserve(core, key, input.requestedIps ?? [], place);
    });
    try {
      const publicKey = await linkOf(reserved).build(core, reserved, step);
      const attached: AttachmentRecord = { ...reserved, state: 'attached', publicKey };
      await step('record the attachment', () => core.register.put(attached));
      core.deps.log.info(
        { ...key, addresses: attached.addresses.map(({ address }) => address), port: attached.port },
        'attachment.attached',
      );
      return await step('answer', async () => {
        // FENCE: what allowed the ADD at its begin must still hold at its end: the machine may have slept in between (design §4.11).
        refuseNow(core);
        refuseOrphaned(core, attached);
        return shownOf(core, attached);
      });
    } catch (error) {
      await rollBack(core, core.register.get(key) ?? reserved);
      throw error;
    }
  });
}

function refuseNow(core: Core): void {
  const refusal = core.deps.admission.refusal();
  if (refusal !== undefined) throw refusal;
}

type KindOf = Pick<AttachmentRecord, 'routeMetric' | 'addressesOnly' | 'link'>;
type PlaceOf = Pick<AttachmentRecord, 'netns' | 'netnsId' | 'attempt'> & KindOf;

/** Makes way for the attachment; resolves with what the record says of its device. */
async function kindOf(core: Core, key: AttachmentKey, input: AttachInput, netnsId: string): Promise<KindOf> {
  if (input.addressesOnly === true) {
    await makeWayForAddresses(core, key, netnsId);
    return { addressesOnly: true };
  }
  const { routes } = await makeWay(core, key, input.netns, netnsId);
  const routeMetric = metricBehind(routes);
  return { ...(await linkFor(core, input, netnsId)), ...(routeMetric === undefined ? {} : { routeMetric }) };
}

/** The network's, but in the node's own namespace always a tunnel: the gateway of a veth would be an address of its own there. */
async function linkFor(core: Core, { allowHostNetns }: AttachInput, netnsId: string): Promise<Pick<KindOf, 'link'>> {
  const { link } = viewOf(core);
  if (link !== 'veth' || (allowHostNetns === true && (await isOwnNamespace(core, netnsId)))) return {};
  return { link };
}

async function reserve(
  core: Core,
  key: AttachmentKey,
  requestedIps: readonly string[],
  place: PlaceOf,
): Promise<AttachmentRecord> {
  const { mtu } = viewOf(core);
  const bound = await core.deps.udpPorts.bound();
  const addresses = core.ledger.take(requestedIps);
  core.deps.reach('add/addresses taken');
  let port = 0;
  try {
    port = linkOf(place).takePort(core, bound);
    const given = { addresses, port, mtu, ...place, ...momentOf(core) };
    const record: AttachmentRecord = { schema: 1, ...key, state: 'reserved', ...given, publicKey: null };
    // ORDER: on disk before the kernel knows of it (design §4.7).
    await core.register.put(record);
    return record;
  } catch (error) {
    core.ledger.free(addresses.map(({ address }) => address));
    core.ports.free(port);
    throw error;
  }
}
