/** PURE: which blocks of its peers a client's machine routes into its interface, and which it does not, since it would lose its own network by them. */
import { type KernelState, routeProtocol, type RouteState } from '@wgcni/iproute';
import {
  type Address,
  type Cidr,
  containsAddress,
  containsCidr,
  parseCidr,
  sameCidr,
  tryParseAddress,
} from '@wgcni/ipam';

export interface SkippedRoute {
  /** Canonical CIDR. */
  block: string;
  why: string;
}

/** `proto kernel`: the machine has an address in such a network itself. */
const kernelProtocol = 2;

/**
 * No default route, and no block that another route of the machine has, that lies in a network which the machine is in itself, or that would carry the way to an
 * endpoint or to a next hop. What is more specific keeps its addresses anyway.
 */
export function routesOf(
  device: string,
  peers: readonly { allowedIps: readonly string[] }[],
  endpoints: readonly string[],
  { routes }: Pick<KernelState, 'routes'>,
): { wanted: Set<string>; skipped: SkippedRoute[] } {
  const foreign = routes
    .filter((route) => route.device !== device && !(route.device === undefined && route.protocol === routeProtocol))
    .map((route) => ({ ...route, block: parseCidr(route.destination) }));
  const needed = [
    ...endpoints.flatMap((text) => needFor(hostOf(text), `the endpoint ${text}`)),
    ...foreign.flatMap(({ via, destination }) => needFor(via ?? '', `${via}, the next hop to ${destination}`)),
  ];
  const blocks = [...new Set(peers.flatMap(({ allowedIps }) => allowedIps))].filter((cidr) => !cidr.endsWith('/0'));
  const skipped = blocks.sort().flatMap((block) => {
    const why = lossBy(parseCidr(block), foreign, needed);
    return why === undefined ? [] : [{ block, why }];
  });
  const lost = new Set(skipped.map(({ block }) => block));
  return { wanted: new Set(blocks.filter((block) => !lost.has(block))), skipped };
}

/** An address with a zone, like `fe80::1%eth0`, is on a link: no block of a peer leads there. */
function needFor(text: string, what: string): { what: string; address: Address }[] {
  const address = tryParseAddress(text);
  return address === undefined ? [] : [{ what, address }];
}

type Foreign = RouteState & { block: Cidr };

function lossBy(
  wanted: Cidr,
  foreign: readonly Foreign[],
  needed: readonly { what: string; address: Address }[],
): string | undefined {
  const taken = foreign.find(
    ({ block, via, kind, protocol }) =>
      sameCidr(block, wanted) ||
      (kind === 'unicast' &&
        block.length > 0 &&
        via === undefined &&
        protocol === kernelProtocol &&
        containsCidr(block, wanted)),
  );
  if (taken !== undefined) return `this machine has a route to ${taken.destination} by ${taken.device ?? taken.kind}`;
  const cut = needed.find(
    ({ address }) =>
      containsAddress(wanted, address) &&
      // A more specific route goes on to carry it.
      !foreign.some(({ block }) => block.length > wanted.length && containsAddress(block, address)),
  );
  return cut === undefined ? undefined : `it would take the way to ${cut.what}, into the tunnel`;
}

/** `192.0.2.1:51820` or `[2001:db8::1]:51820`. */
function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
