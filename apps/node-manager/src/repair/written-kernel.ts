/** PURE: the link, addresses and routes that this process has written for a device, and which changes mend what somebody else did to them. */
import type { KernelChange, KernelState, LinkState, RouteInput, RouteState } from '@wgcni/iproute';
import { routePlace } from '../mesh/route-place.ts';
import type { Repair, Repairs } from './repair.ts';

export interface WrittenKernel {
  /** Undefined while nobody knows. */
  mtu: number | undefined;
  /** Source address by route. */
  routes: ReadonlyMap<string, string | undefined>;
  addresses: ReadonlySet<string>;
}

/** What of the kernel's state is ours. */
export interface Ours {
  device: string;
  isOurRoute: (route: RouteState) => boolean;
}

/** What is written once `changes` are made; at first everything of ours that is there counts. */
export function kernelAfter(
  before: WrittenKernel | undefined,
  observed: KernelState,
  changes: readonly KernelChange[],
  ours: Ours,
): WrittenKernel {
  const found = before ?? foundIn(observed, ours);
  let { mtu } = found;
  const [routes, addresses] = [new Map(found.routes), new Set(found.addresses)];
  for (const change of changes) {
    if (change.kind === 'set-link' && change.name === ours.device) mtu = change.mtu ?? mtu;
    else if (change.kind === 'set-route') routes.set(routePlace(change.route), change.route.source);
    else if (change.kind === 'remove-route') routes.delete(routePlace(change.route));
    else if (change.kind === 'set-address') addresses.add(change.address);
    else if (change.kind === 'remove-address') addresses.delete(change.address);
  }
  return { mtu, routes, addresses };
}

/**
 * Which of the changes mend what somebody else did. A link that is down or has another MTU loses addresses and routes by that: then only the
 * link is told of.
 */
export function kernelRepairs(
  written: WrittenKernel | undefined,
  observed: KernelState,
  changes: readonly KernelChange[],
  { device }: Pick<Ours, 'device'>,
): Repairs<KernelChange> {
  const repairs = new Map<KernelChange, Repair>();
  const link = observed.links.find(({ name }) => name === device);
  if (written === undefined || link === undefined) return repairs;
  const ofLink = changes.find((change) => change.kind === 'set-link' && change.name === device);
  if (ofLink !== undefined) {
    const words = written.mtu === undefined ? undefined : linkDifference(link, written.mtu, ofLink);
    if (words !== undefined) repairs.set(ofLink, words);
    return repairs;
  }
  for (const change of changes) {
    const repair = repairOf(written, change, device);
    if (repair !== undefined) repairs.set(change, repair);
  }
  return repairs;
}

function linkDifference({ mtu, isUp }: LinkState, written: number, change: KernelChange): Repair | undefined {
  // Another MTU than the one that was written last is the network's wish.
  if (change.kind !== 'set-link' || change.mtu !== written) return undefined;
  const found = [
    ...(isUp ? [] : ['was down']),
    ...(mtu === written ? [] : [`had the MTU ${mtu} instead of ${written}`]),
  ];
  const message = `${found.join(' and ')}; it is right again`;
  return { kind: 'repair.link-corrected', subject: `device ${change.name}`, message, group: 'devices' };
}

function repairOf(written: WrittenKernel, change: KernelChange, device: string): Repair | undefined {
  if (change.kind === 'set-route') {
    const key = routePlace(change.route);
    if (!written.routes.has(key) || written.routes.get(key) !== change.route.source) return undefined;
    return ofRoute('repair.route-restored', change.route, device, 'was removed or changed, and is there again');
  }
  if (change.kind === 'remove-route') {
    if (written.routes.has(routePlace(change.route))) return undefined;
    return ofRoute(
      'repair.route-removed',
      change.route,
      device,
      'was made by somebody else with our mark, and is gone',
    );
  }
  if (change.kind === 'set-address' && written.addresses.has(change.address))
    return ofAddress('repair.address-restored', change, 'was removed, and is there again');
  if (change.kind === 'remove-address' && !written.addresses.has(change.address))
    return ofAddress('repair.address-removed', change, 'was put there by somebody else, and is gone');
  return undefined;
}

function ofRoute(kind: Repair['kind'], route: RouteInput, device: string, message: string): Repair {
  const where = route.kind === 'unreachable' ? ' (unreachable)' : ` of ${device}`;
  return { kind, subject: `route ${route.destination}${where}`, group: `routes of ${device}`, message };
}

function ofAddress(
  kind: Repair['kind'],
  { address, link }: { address: string; link: string },
  message: string,
): Repair {
  return { kind, subject: `address ${address} of ${link}`, group: `addresses of ${link}`, message };
}

function foundIn({ links, routes, addresses }: KernelState, { device, isOurRoute }: Ours): WrittenKernel {
  return {
    mtu: links.find(({ name }) => name === device)?.mtu,
    routes: new Map(routes.filter(isOurRoute).map((route) => [routePlace(route), route.source])),
    addresses: new Set(addresses.filter(({ linkName }) => linkName === device).map(({ address }) => address)),
  };
}
