/** PURE: what of the host a subnet would overlap: an address or route that is not ours (design §5, pools). */
import { type Cidr, cidrOf, containsAddress, overlaps, tryParseAddress, tryParseCidr } from '@wgcni/ipam';
import { routeProtocol, type KernelState } from '@wgcni/iproute';
import { meshDevice, podsDevice } from '../node-view.ts';

const ownDevices = new Set<string>([meshDevice, podsDevice]);

/** Words that name the first overlap of `subnet`, or undefined. Default routes overlap nothing. */
export function findOverlap(subnet: Cidr, state: KernelState): string | undefined {
  for (const { address, prefixLength, linkName } of state.addresses) {
    const parsed = tryParseAddress(address);
    if (parsed === undefined || ownDevices.has(linkName)) continue;
    if (overlaps(subnet, cidrOf(parsed, prefixLength))) return `the address ${address}/${prefixLength} of ${linkName}`;
  }
  const route = foreignRoutes(state).find(({ block }) => overlaps(subnet, block));
  return route === undefined ? undefined : `the route ${route.words}`;
}

/** Words that name the first way out of the host whose next hop is in `block`, default routes too; or undefined. */
export function findNextHop(block: Cidr, { routes }: KernelState): string | undefined {
  const found = routes.find(({ via, device }) => {
    const hop = via === undefined || ownDevices.has(device ?? '') ? undefined : tryParseAddress(via);
    return hop !== undefined && containsAddress(block, hop);
  });
  return found === undefined ? undefined : `the route ${found.destination} via ${found.via}`;
}

/** Routes of the host that are not ours, default and multicast routes aside, with words that name them. */
export function foreignRoutes(state: KernelState): { block: Cidr; words: string }[] {
  return state.routes.flatMap(({ destination, device, protocol }) => {
    // Most are ours: there is one for each subnet of every other node.
    if (protocol === routeProtocol || ownDevices.has(device ?? '')) return [];
    const block = tryParseCidr(destination);
    if (block === undefined || block.length === 0) return [];
    return [{ block, words: device === undefined ? destination : `${destination} dev ${device}` }];
  });
}
