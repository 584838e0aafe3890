/** ADD: reserve, peer, device, link, record, in the order that loses no packet and leaks nothing; any failure undoes all. */
import type { AttachInput, Attachment, AttachmentKey } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import type { DeviceRef, PublicKey } from '@wgcni/wg';
import { configOf } from '../pods/plan-pods.ts';
import {
  containerLink,
  containerSidePeer,
  deviceOf,
  familyOf,
  metricBehind,
  nodeSidePeer,
} from './container-device.ts';
import { type Core, isOrphaned, momentOf, shownOf, viewOf } from './core.ts';
import type { RequestLimits } from './deps.ts';
import { inspectNamespace, makeWay, makeWayForAddresses } from './make-way.ts';
import { type AttachmentRecord, keyText } from './record.ts';
import { rollBack } from './roll-back.ts';
import { type RunStep, stepsWithin } from './request-steps.ts';

/** A userspace process notices within this that its device is up. */
const settleMs = 2_000;

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
    const reserved = await step('reserve an address', () => reserve(core, key, input.requestedIps ?? [], place));
    try {
      const publicKey = reserved.addressesOnly === true ? null : await build(core, reserved, step);
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

type KindOf = Pick<AttachmentRecord, 'routeMetric' | 'addressesOnly'>;
type PlaceOf = Pick<AttachmentRecord, 'netns' | 'netnsId' | 'attempt'> & KindOf;

/** Makes way for the attachment; resolves with what the record says of its device. */
async function kindOf(core: Core, key: AttachmentKey, input: AttachInput, netnsId: string): Promise<KindOf> {
  if (input.addressesOnly === true) {
    await makeWayForAddresses(core, key, netnsId);
    return { addressesOnly: true };
  }
  const { routes } = await makeWay(core, key, input.netns, netnsId);
  const routeMetric = metricBehind(routes);
  return routeMetric === undefined ? {} : { routeMetric };
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
    if (place.addressesOnly !== true) port = core.ports.take(bound);
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

/** Peer, device, link; resolves with the device's public key. */
async function build(core: Core, reserved: AttachmentRecord, step: RunStep): Promise<PublicKey> {
  const { addresses, port, mtu } = reserved;
  const ref = deviceOf(core.deps.nodeId, reserved);
  const pair = core.deps.keys.generate();
  core.register.expectKey(reserved, pair.publicKey);
  // ORDER: the node's side first; the other way round the first packets are lost for five seconds.
  const peer = configOf(nodeSidePeer(pair.publicKey, port, addresses));
  await step('add the peer', () =>
    core.pods.change(() => {
      // FENCE: a view that lost the subnet may have been carried out since the address was reserved.
      refuseOrphaned(core, reserved);
      return [{ kind: 'add', peer }];
    }),
  );
  await step('make the device', () => core.deps.devices.create(ref, mtu));
  const settings = { privateKey: pair.privateKey, listenPort: port, peers: [containerSidePeer(core.pods, addresses)] };
  await step('configure the device', () => core.deps.devices.configure(ref, settings));
  await step('set addresses and routes', () => linkUp(core, reserved));
  await step('wait for the device', () => settle(core, ref));
  return pair.publicKey;
}

/** Throws CatalogueError `node.unavailable` when the node has lost the subnet of one of the addresses. */
function refuseOrphaned(core: Core, record: AttachmentRecord): void {
  if (!isOrphaned(core, record)) return;
  const addresses = record.addresses.map(({ address }) => address).join(', ');
  throw new CatalogueError('node.unavailable', `this node lost the subnet of ${addresses} while it attached`, {
    remedy: 'try again: the next address is of a subnet that the node holds',
  });
}

/** Addresses, MTU, up and routes inside the container's namespace. */
export async function linkUp(core: Core, record: AttachmentRecord): Promise<void> {
  const { ifName, netns } = record;
  if (record.addresses.some(({ address }) => familyOf(address) === 6)) await enableIpv6(core, ifName, netns);
  await core.deps.iproute.apply(containerLink(record), netns);
}

/** Waits until the device receives; one that is late is told of, not refused: it will receive soon. */
export async function settle(core: Core, ref: DeviceRef): Promise<void> {
  if (await core.deps.devices.settle(ref, settleMs)) return;
  core.deps.log.warn({ device: ref.id, waitedMs: settleMs }, 'device.slow');
}

/** Runtimes hand out namespaces with IPv6 switched off; a dot of an interface's name is written as a slash. */
async function enableIpv6(core: Core, ifName: string, netns: string): Promise<void> {
  const name = `net.ipv6.conf.${ifName.replaceAll('.', '/')}.disable_ipv6`;
  await core.deps.sysctl.write({ [name]: '0' }, netns);
}
