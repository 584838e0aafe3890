/** PURE: what makes a client's interface as its configuration says: MTU, addresses, and a route for what each peer is allowed. */
import { CatalogueError } from '@wgcni/base';
import { type KernelChange, type KernelState, routeProtocol } from '@wgcni/iproute';
import type { ClientFile } from './client-file.ts';
import { routesOf, type SkippedRoute } from './routes-of.ts';

interface InterfacePlan {
  changes: KernelChange[];
  /** Blocks that get no route, since the machine would lose something by it. */
  skipped: SkippedRoute[];
}

/**
 * The changes, in order. Addresses of the interface are all its own; of its routes only those with our mark are touched. Default routes are left to
 * wg-quick: they need rules that keep the tunnel's own packets out of it. `endpoints` are where the peers are published to be. Throws CatalogueError `config.invalid` when there is no such interface.
 */
export function planInterface(
  name: string,
  file: Pick<ClientFile, 'addresses' | 'mtu'> & { peers: readonly { allowedIps: readonly string[] }[] },
  endpoints: readonly string[],
  state: KernelState,
): InterfacePlan {
  const link = state.links.find((each) => each.name === name);
  if (link === undefined)
    throw new CatalogueError('config.invalid', `there is no interface ${name}`, {
      field: '--interface',
      remedy: `make it: ip link add ${name} type wireguard, or wg-quick up with the first configuration`,
    });
  const isAsWanted = link.isUp && link.mtu === file.mtu;
  const { wanted, skipped } = routesOf(name, file.peers, endpoints, state);
  const changes: KernelChange[] = [
    ...planAddresses(name, file, state),
    ...(isAsWanted ? [] : [{ kind: 'set-link', name, mtu: file.mtu, isUp: true } as const]),
    ...planRoutes(name, wanted, state),
  ];
  return { changes, skipped };
}

/** Wanted ones first: a route may stand by one. */
function planAddresses(link: string, { addresses }: Pick<ClientFile, 'addresses'>, state: KernelState): KernelChange[] {
  const present = state.addresses.filter(({ linkName, scope }) => linkName === link && scope === 'global');
  const missing = addresses.filter((address) => !present.some((each) => each.address === address));
  const foreign = present.filter(({ address }) => !addresses.includes(address));
  return [
    ...missing.map((address) => ({
      ...{ kind: 'set-address' as const, link, address },
      prefixLength: address.includes(':') ? 128 : 32,
    })),
    ...foreign.map(({ address, prefixLength }) => ({ kind: 'remove-address' as const, link, address, prefixLength })),
  ];
}

function planRoutes(device: string, wanted: ReadonlySet<string>, { routes }: KernelState): KernelChange[] {
  const ours = routes.filter((route) => route.device === device && route.protocol === routeProtocol);
  const present = new Set(ours.map(({ destination }) => destination));
  const missing = [...wanted].filter((cidr) => !present.has(cidr));
  const left = ours.filter(({ destination }) => !wanted.has(destination));
  return [
    ...missing.map((destination) => ({
      kind: 'set-route' as const,
      route: { destination, kind: 'unicast' as const, device },
    })),
    ...left.map(({ destination, metric }) => ({
      kind: 'remove-route' as const,
      route: { destination, kind: 'unicast' as const, device, metric },
    })),
  ];
}
