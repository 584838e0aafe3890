/** PURE: the network as a node works by it, out of its record or an answer: what is not known here is left out. */
import { CatalogueError } from '@wgcni/base';
import { checkOptions, optionsOf, saidOptions, tryParseCidr } from '@wgcni/ipam';
import type { NetworkPlan } from './cluster-view.ts';

/** With all options. Where `network` says nothing of one, as an earlier version does, `known` stays, else the default holds. */
export function networkPlanOf(network: NetworkPlan, known?: NetworkPlan | null): NetworkPlan {
  const { networkId, pools, mtu, keepaliveSec, registrationTtlSec, holdDownSec } = network;
  const plan = { networkId, mtu, keepaliveSec, registrationTtlSec, holdDownSec };
  return {
    ...plan,
    pools: pools.map(({ cidr, prefixLength }) => ({ cidr, prefixLength })),
    ...optionsOf({ ...saidOptions(known ?? {}), ...saidOptions(network) }),
  };
}

/** Whether a network that fits its schema can be worked by, too: nothing of it would be refused by the kernel. */
export function isUsableNetwork(network: NetworkPlan): boolean {
  const pools = network.pools.map(({ cidr, prefixLength }) => ({ cidr: tryParseCidr(cidr), prefixLength }));
  const parsed = pools.flatMap(({ cidr, prefixLength }) => (cidr === undefined ? [] : [{ cidr, prefixLength }]));
  if (parsed.length < pools.length) return false;
  try {
    checkOptions(network, parsed);
    return true;
  } catch (error) {
    if (error instanceof CatalogueError) return false;
    throw error;
  }
}
