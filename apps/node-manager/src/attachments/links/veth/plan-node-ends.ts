/** PURE: what to change on the node's ends of veths, by delta: an end that is right is not touched, an unknown one is adopted. */
import { tryParseCidr, widthOf } from '@wgcni/ipam';
import { type KernelChange, type KernelState, routeProtocol, type RouteState } from '@wgcni/iproute';
import type { GivenAddress } from '../../../addresses/address-ledger.ts';
import { hostCidr } from '../../container-device.ts';
import { nodeSide } from './plan-veth.ts';
import { isNodeEnd } from './veth-names.ts';

interface DesiredNodeEnd {
  name: string;
  /** Those whose subnet the node holds: the only ones that it leads to. */
  addresses: readonly GivenAddress[];
  /** An ADD is at work on it: nothing is added, only what the node lost goes. */
  isBeingMade: boolean;
}

export interface NodeEndsDesired {
  ends: readonly DesiredNodeEnd[];
  /** On their way out by another hand: neither changed nor adopted. */
  leaving: ReadonlySet<string>;
}

export interface NodeEndsPlan {
  changes: KernelChange[];
  /** Ends without a record, with the addresses that our routes give them. */
  adopt: { name: string; addresses: string[] }[];
}

/** The plan from `state`, which must have been read before `desired`, so that the end of an ADD in flight is always known. */
export function planNodeEnds({ ends, leaving }: NodeEndsDesired, state: KernelState): NodeEndsPlan {
  const known = new Set(ends.map(({ name }) => name));
  const routesOf = routesByDevice(state);
  const unknown = state.links.filter(({ name }) => isNodeEnd(name) && !known.has(name) && !leaving.has(name));
  return {
    changes: ends.flatMap((end) => {
      const link = state.links.find(({ name }) => name === end.name);
      return link === undefined ? [] : changesOf(end, link.isUp, routesOf(end.name));
    }),
    adopt: unknown.map(({ name }) => ({ name, addresses: routesOf(name).flatMap(singleAddress) })),
  };
}

function changesOf(
  { name, addresses, isBeingMade }: DesiredNodeEnd,
  isUp: boolean,
  routes: RouteState[],
): KernelChange[] {
  const destinations = new Set(addresses.map(({ address }) => hostCidr(address)));
  const lost = routes
    .filter(({ destination }) => !destinations.has(destination))
    .map(({ destination, metric }): KernelChange => {
      return { kind: 'remove-route', route: { destination, kind: 'unicast', device: name, metric } };
    });
  const lacking = addresses.filter(
    ({ address, gateway }) =>
      !routes.some(({ destination, source }) => destination === hostCidr(address) && source === gateway),
  );
  // Whatever took the route has taken the neighbour too: both go with a link that was down.
  const isWhole = isBeingMade || (isUp && lacking.length === 0);
  return [...lost, ...(isWhole ? [] : nodeSide(name, lacking))];
}

function routesByDevice({ routes }: KernelState): (device: string) => RouteState[] {
  const byDevice = new Map<string, RouteState[]>();
  for (const route of routes) {
    if (route.protocol !== routeProtocol || route.device === undefined) continue;
    byDevice.set(route.device, [...(byDevice.get(route.device) ?? []), route]);
  }
  return (device) => byDevice.get(device) ?? [];
}

function singleAddress({ destination }: RouteState): string[] {
  const cidr = tryParseCidr(destination);
  return cidr !== undefined && cidr.length === widthOf(cidr.family) ? [destination.replace(/\/.*$/, '')] : [];
}
