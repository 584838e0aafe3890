/** PURE: which blocks of its peers a client's machine routes into its interface, and which it does not, since it would lose its own network by them. */
import { type KernelState, routeProtocol, type RouteState } from '@wgcni/iproute';
import { type Address, type Cidr, containsCidr, parseCidr, tryParseAddress } from '@wgcni/ipam';
import { BlockIndex, keyOf } from './block-index.ts';

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
  const parsed = blocks.sort().map((text) => ({ text, block: parseCidr(text) }));
  const [taken, cut] = [
    takenBy(foreign),
    cutBy(
      parsed.map(({ block }) => block),
      foreign,
      needed,
    ),
  ];
  const skipped = parsed.flatMap(({ text, block }) => {
    const why = taken(block) ?? cut.get(keyOf(block));
    return why === undefined ? [] : [{ block: text, why }];
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

/** Why a block is the machine's already: it has a route just there, or is in a network around it. */
function takenBy(foreign: readonly Foreign[]): (wanted: Cidr) => string | undefined {
  const same = new Map(foreign.map((route) => [keyOf(route.block), route]));
  const onLink = foreign.filter(
    ({ block, via, kind, protocol }) =>
      kind === 'unicast' && block.length > 0 && via === undefined && protocol === kernelProtocol,
  );
  return (wanted) => {
    const found = same.get(keyOf(wanted)) ?? onLink.find(({ block }) => containsCidr(block, wanted));
    return found && `this machine has a route to ${found.destination} by ${found.device ?? found.kind}`;
  };
}

/** Key of a block → what would be cut off by it: the way to an address that no more specific route goes on to carry. */
function cutBy(
  wanted: readonly Cidr[],
  foreign: readonly Foreign[],
  needed: readonly { what: string; address: Address }[],
): Map<string, string> {
  const [ours, theirs] = [new BlockIndex(wanted), new BlockIndex(foreign.map(({ block }) => block))];
  const cut = new Map<string, string>();
  for (const { what, address } of needed) {
    const carried = theirs.around(address).at(-1)?.length ?? 0;
    for (const block of ours.around(address)) {
      const key = keyOf(block);
      if (block.length >= carried && !cut.has(key)) cut.set(key, `it would take the way to ${what}, into the tunnel`);
    }
  }
  return cut;
}

/** `192.0.2.1:51820` or `[2001:db8::1]:51820`. */
function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
