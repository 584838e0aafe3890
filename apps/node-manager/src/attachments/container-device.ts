/** PURE: what a container's device and the node's peer for it must look like. */
import { tryParseAddress, type Family, widthOf } from '@wgcni/ipam';
import type { KernelChange, RouteState } from '@wgcni/iproute';
import type { DeviceRef, DeviceState, Peer, PublicKey } from '@wgcni/wg';
import { deviceId } from '../keys/device-id.ts';
import type { DesiredPeer } from '../pods/plan-pods.ts';
import type { GivenAddress } from '../addresses/address-ledger.ts';
import type { AttachmentRecord } from './record.ts';

/** What the kernel gives an IPv6 route that names none; IPv4 has 0. */
const usualIpv6Metric = 1_024;

/** The device of an attachment: machine-unique id, final name and namespace. */
export function deviceOf(
  nodeId: string,
  record: Pick<AttachmentRecord, 'network' | 'containerId' | 'ifName' | 'netns'>,
): DeviceRef {
  const id = deviceId(nodeId, record.network, record.containerId, record.ifName);
  return { id, name: record.ifName, netns: record.netns };
}

/** The address as the runtime and WireGuard write it: `/32` or `/128`. */
export function hostCidr(address: string): string {
  return `${address}/${widthOf(familyOf(address))}`;
}

/** The destinations of the default routes of the families in use. */
export function defaultRoutes(addresses: readonly GivenAddress[]): string[] {
  const families = new Set(addresses.map(({ address }) => familyOf(address)));
  return [...(families.has(4) ? ['0.0.0.0/0'] : []), ...(families.has(6) ? ['::/0'] : [])];
}

/** The node's side: exactly the container's own addresses are allowed (design §6: the anti-spoof rule). */
export function nodeSidePeer(publicKey: PublicKey, port: number, addresses: readonly GivenAddress[]): DesiredPeer {
  const allowedIps = addresses.map(({ address }) => hostCidr(address)).sort();
  return { publicKey, endpoint: loopback(port), allowedIps, keepaliveSec: 0, roams: false };
}

/** The container's side: everything of its families goes to the node. */
export function containerSidePeer(
  pods: { publicKey: PublicKey; listenPort: number },
  addresses: readonly GivenAddress[],
): Peer {
  const { publicKey, listenPort } = pods;
  return { publicKey, endpoint: loopback(listenPort), allowedIps: defaultRoutes(addresses), keepaliveSec: 0 };
}

/**
 * The metric of a new interface's default routes: undefined, the kernel's own, where they are the only ones of their namespace; behind
 * those that are there otherwise. The first interface of a container keeps its routes, and a host its way out.
 */
export function metricBehind(routes: readonly Pick<RouteState, 'destination' | 'metric'>[]): number | undefined {
  const present = routes.filter(({ destination }) => destination === '0.0.0.0/0' || destination === '::/0');
  if (present.length === 0) return undefined;
  return Math.max(usualIpv6Metric, ...present.map(({ metric }) => metric)) + 1;
}

/** Addresses, MTU, up and default routes of the container's device, in the order in which the kernel takes them. */
export function containerLink(
  record: Pick<AttachmentRecord, 'ifName' | 'addresses' | 'mtu' | 'routeMetric'>,
): KernelChange[] {
  const { ifName, addresses, mtu, routeMetric } = record;
  const metric = routeMetric === undefined ? {} : { metric: routeMetric };
  return [
    ...addresses.map(({ address }): KernelChange => {
      return { kind: 'set-address', link: ifName, address, prefixLength: widthOf(familyOf(address)) };
    }),
    { kind: 'set-link', name: ifName, mtu, isUp: true },
    ...defaultRoutes(addresses).map((destination): KernelChange => {
      return { kind: 'set-route', route: { destination, kind: 'unicast', device: ifName, ...metric } };
    }),
  ];
}

/** Whether a device that was found is the record's: its key, or, for an ADD that a crash cut short, its port or our peer. */
export function isDeviceOf(record: AttachmentRecord, state: DeviceState, pods: PublicKey): boolean {
  if (record.publicKey !== null && state.publicKey === record.publicKey) return true;
  if (record.state !== 'reserved') return false;
  return (
    state.publicKey === undefined ||
    state.listenPort === record.port ||
    state.peers.some((one) => one.publicKey === pods)
  );
}

/** The family of an address of ours. */
export function familyOf(address: string): Family {
  return tryParseAddress(address)?.family ?? (address.includes(':') ? 6 : 4);
}

function loopback(port: number): string {
  return `127.0.0.1:${port}`;
}
