/** PURE: whose packets leave the cluster under an address of this node, and under which (decision 0008). */
import {
  type Address,
  type Cidr,
  containsCidr,
  type Family,
  formatAddress,
  formatCidr,
  type MasqueradeOption,
  optionsOf,
  parseCidr,
  tryParseCidr,
} from '@wgcni/ipam';
import type { ClusterView } from '../view/cluster-view.ts';

/** How packets leave the cluster at this node. */
export interface Leaving {
  /** `auto`: IPv4 and unique local IPv6 pools are hidden, global IPv6 is not. */
  mode: MasqueradeOption['mode'];
  /** Reached under own addresses. */
  except: readonly Cidr[];
  /** Behind this node, and let in by an operator: whoever is there need not know the way back to a pool. */
  routes: readonly Cidr[];
  /** Behind what address, at most one of each family; where there is none, that of the interface. */
  sources: readonly Address[];
}

/** What the node itself was told. */
export interface EgressFlags {
  /** In place of the network's mode; undefined: as the network says. */
  masquerade: MasqueradeOption['mode'] | undefined;
  egressSources: readonly Address[];
}

/** As the network says, and the node's own flags. */
export function leavingOf({ network, ownRoutes = [] }: ClusterView, flags: EgressFlags): Leaving {
  const { mode, except } = optionsOf(network ?? {}).masquerade;
  return {
    mode: flags.masquerade ?? mode,
    except: except.map((text) => parseCidr(text)),
    routes: ownRoutes.map((text) => parseCidr(text)),
    sources: flags.egressSources,
  };
}

/** Only for what leaves the pools: between containers the source address stays. `pools` are those of containers and of clients, of both families. */
export function planMasquerade(pools: readonly Cidr[], leaving: Leaving, family: Family): string[] {
  const own = pools.filter((pool) => pool.family === family);
  const hidden = own.filter((pool) => isHidden(pool, leaving.mode));
  const behind = leaving.mode === 'off' ? [] : leaving.routes.filter((route) => route.family === family);
  if (hidden.length === 0 && behind.length === 0) return [];
  const spared = [...own, ...leaving.except.filter((cidr) => cidr.family === family)];
  const source = leaving.sources.find((address) => address.family === family);
  const target = source === undefined ? 'MASQUERADE' : `SNAT --to-source ${formatAddress(source)}`;
  return [
    ...spared.map((cidr) => `-d ${formatCidr(cidr)} -j RETURN`),
    // The interface's address, since the one that is chosen for the way out may be none of that network.
    ...behind.flatMap((route) =>
      own.map((pool) => `-s ${formatCidr(pool)} -d ${formatCidr(route)} ! -o wgcni-+ -j MASQUERADE`),
    ),
    ...hidden.map((pool) => `-s ${formatCidr(pool)} ! -o wgcni-+ -j ${target}`),
  ];
}

function isHidden(pool: Cidr, mode: Leaving['mode']): boolean {
  if (mode !== 'auto') return mode === 'on';
  const uniqueLocal = tryParseCidr('fc00::/7');
  return pool.family === 4 || (uniqueLocal !== undefined && containsCidr(uniqueLocal, pool));
}
