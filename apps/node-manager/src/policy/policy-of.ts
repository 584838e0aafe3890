/** PURE: the policy out of what the node knows of the cluster. */
import { parseCidr } from '@wgcni/ipam';
import type { ClusterView } from '../view/cluster-view.ts';
import type { Policy } from './policy.ts';

/** Undefined before the network is known. `nodePorts`: of the node's own services those that need no rule. */
export function policyOf({ network }: ClusterView, nodePorts: readonly number[] = []): Policy | undefined {
  if (network === null) return undefined;
  return {
    isolation: 'open',
    rules: [],
    pools: network.pools.map(({ cidr, prefixLength }) => ({ cidr: parseCidr(cidr), prefixLength })),
    clientPools: [],
    reachable: [],
    nodePorts,
  };
}
