/** What the steps of an attachment's life share: records, addresses, ports, locks and the node's side of the tunnels. */
import { CatalogueError, type SerialQueue } from '@wgcni/base';
import type { Attachment, AttachmentKey } from '@wgcni/api';
import type { PublicKey } from '@wgcni/wg';
import type { AddressLedger } from '../addresses/address-ledger.ts';
import type { HeldBack } from '../addresses/held-back.ts';
import { joinedPeer } from '../addresses/joined-peer.ts';
import type { JoinedRecord } from '../addresses/joined-record.ts';
import type { JoinedRegister } from '../addresses/joined-register.ts';
import { type DirectDevice, directDeviceOf } from '../direct/direct-device.ts';
import type { NodeView } from '../node-view.ts';
import type { Pulse } from '../pulse.ts';
import type { PodsDevice } from '../pods/pods-device.ts';
import type { DesiredPeer, PodsDesired } from '../pods/plan-pods.ts';
import type { AttachmentRegister } from './attachment-register.ts';
import { bootUptimeMs } from './boot-id.ts';
import { hostCidr, nodeSidePeer } from './container-device.ts';
import type { ContainerPorts } from './container-port.ts';
import type { AttachmentsDeps } from './deps.ts';
import type { KeyLocks } from './key-locks.ts';
import { macsOf, nodeEndOf } from './links/veth/veth-names.ts';
import { type AttachmentRecord, keyOf } from './record.ts';

export interface Core {
  deps: AttachmentsDeps;
  bootId: string;
  register: AttachmentRegister;
  joined: JoinedRegister;
  ledger: AddressLedger;
  /** Taken in the ledger by nobody that is there. */
  heldBack: HeldBack;
  ports: ContainerPorts;
  locks: KeyLocks;
  pods: PodsDevice;
  /** Whoever writes to the node's ends of veths does it in this queue, so that what was looked at stays as it was seen. */
  nodeEnds: SerialQueue;
  /** Whether there may be node's ends that no record names: before the first look, and while their subnets are not held. */
  hasUnknownEnds: boolean;
  /** Obeys or drops what is queued for an attachment; the caller holds its lock. */
  settleQueued: (key: AttachmentKey) => Promise<void>;
  /** Whether the last reconcile failed: it is then tried again soon. */
  isUnsettled: boolean;
  /** Whether every peer that was found on the device has a record: before, an address may be in use that none names. */
  isAccounted: boolean;
  /** Given when the MTU becomes smaller: containers' devices are then written at once. */
  mtuFalls: Pulse;
  /** Why the MTU could not be written last, by the attachment's key. */
  mtuFaults: Map<string, string>;
  /** The last view that was set; undefined until the first. */
  view: NodeView | undefined;
}

/** The view, or CatalogueError `node.unavailable` while there is none. */
export function viewOf(core: Core): NodeView {
  if (core.view !== undefined) return core.view;
  throw new CatalogueError('node.unavailable', `node ${core.deps.nodeId} does not know its subnets yet`, {
    remedy: 'wait until the node-manager has registered; its status names what it waits for',
  });
}

/** Whether one of the record's addresses is of a subnet that the node does not hold any more; before the first view nobody knows. */
export function isOrphaned(core: Core, record: AttachmentRecord): boolean {
  return core.view !== undefined && record.addresses.some(({ address }) => !core.ledger.isHeld(address));
}

/** Throws CatalogueError `node.unavailable` when the node has lost the subnet of one of the addresses. */
export function refuseOrphaned(core: Core, record: AttachmentRecord): void {
  if (!isOrphaned(core, record)) return;
  const addresses = record.addresses.map(({ address }) => address).join(', ');
  throw new CatalogueError('node.unavailable', `this node lost the subnet of ${addresses} while it attached`, {
    remedy: 'try again: the next address is of a subnet that the node holds',
  });
}

/** The present instant, as a record keeps it. */
export function momentOf(core: Core): Pick<AttachmentRecord, 'recordedAt' | 'bootId' | 'uptimeMs'> {
  const recordedAt = new Date(core.deps.clock.wallMs()).toISOString();
  return { recordedAt, bootId: core.bootId, uptimeMs: (core.deps.bootUptimeMs ?? bootUptimeMs)() };
}

/** Calls `onEmpty` when nothing uses the node's subnets any more. */
export function tellWhenEmpty(core: Core): void {
  if (core.register.all().length === 0 && core.joined.all().length === 0) core.deps.onEmpty();
}

/** What the pods device must hold at this instant. */
export function desiredPods(core: Core): PodsDesired {
  const leaving = new Set<PublicKey>(core.joined.leaving());
  const withdrawn = new Set<PublicKey>();
  const peers: DesiredPeer[] = [];
  for (const record of [...core.register.all(), ...core.joined.all()]) {
    const { publicKey } = record;
    if (publicKey === null || leaving.has(publicKey)) continue;
    const addresses = record.addresses.filter(({ address }) => core.ledger.isHeld(address));
    if ('network' in record && core.register.isLeaving(record)) leaving.add(publicKey);
    else if (addresses.length === 0) withdrawn.add(publicKey);
    else peers.push({ ...peerOf({ ...record, addresses }, publicKey), label: labelOf(record) });
  }
  return { peers, leaving, withdrawn };
}

/** The containers' devices that could have each other as peers, in the order in which they attached. */
export function directDevices(core: Core): DirectDevice[] {
  return core.register.all().flatMap((record) => {
    const standing = { isLeaving: core.register.isLeaving(record), isOrphaned: isOrphaned(core, record) };
    return directDeviceOf(core.deps.nodeId, record, standing) ?? [];
  });
}

function labelOf(record: AttachmentRecord | JoinedRecord): string {
  return 'network' in record ? `${record.network}/${record.containerId}/${record.ifName}` : record.name;
}

function peerOf(record: AttachmentRecord | JoinedRecord, publicKey: PublicKey): DesiredPeer {
  if (!('network' in record)) return joinedPeer(record, publicKey);
  // An adopted peer without a loopback port is someone who dialled in: it may be anywhere.
  if (record.port === 0) return joinedPeer({ addresses: record.addresses, endpoint: null }, publicKey);
  return nodeSidePeer(publicKey, record.port, record.addresses);
}

/** The attachment as the API shows it. */
export function shownOf(core: Core, record: AttachmentRecord): Attachment {
  const { netns, mtu, publicKey, routeMetric, link } = record;
  const cidrOf = (address: string): string =>
    (record.addressesOnly === true ? core.ledger.inSubnet(address) : undefined) ?? hostCidr(address);
  const addresses = record.addresses.map(({ address, gateway }) => ({ address: cidrOf(address), gateway }));
  const state = isOrphaned(core, record) ? 'orphaned' : record.state;
  const metric = routeMetric === undefined ? {} : { routeMetric };
  const veth = link === undefined ? {} : { link, mac: macsOf(nodeEndOf(core.deps.nodeId, record)).container };
  return { ...keyOf(record), state, netns, addresses, mtu, ...metric, ...veth, publicKey, listenPort: record.port };
}
