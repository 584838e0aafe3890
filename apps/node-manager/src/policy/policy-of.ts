/** PURE: the policy out of what the node knows of the cluster. */
import { optionsOf, parseCidr, tryParseAddress } from '@wgcni/ipam';
import type { ClusterView } from '../view/cluster-view.ts';
import type { Policy } from './policy.ts';

/** Undefined before the network is known. `nodePorts`: of a node's own services those that need no rule. */
export function policyOf(
  { network, clients, ownRoutes = [] }: ClusterView,
  nodePorts: readonly number[] = [],
): Policy | undefined {
  if (network === null) return undefined;
  const { isolation, rules, clientPools } = optionsOf(network);
  const reachable = (clients ?? []).filter((client) => client.reachable);
  return {
    ...{ isolation, rules, nodePorts },
    pools: network.pools.map(({ cidr, prefixLength }) => ({ cidr: parseCidr(cidr), prefixLength })),
    routes: ownRoutes.map((text) => parseCidr(text)),
    clientPools: clientPools.map((text) => parseCidr(text)),
    reachable: reachable.flatMap(({ addresses }) => addresses.flatMap((text) => tryParseAddress(text) ?? [])),
  };
}
