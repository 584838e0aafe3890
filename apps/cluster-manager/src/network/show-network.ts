/** PURE: the network as the REST surface shows it: what its record does not say is the default. */
import type { Network, PoolUse } from '@wgcni/api';
import { optionsOf, parseCidr } from '@wgcni/ipam';
import type { NetworkRecord } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';

export function showNetwork({ record, item }: Kept<NetworkRecord>): Network {
  const { networkId, pools, mtu, keepaliveSec, registrationTtlSec, holdDownSec } = record;
  const plan = { networkId, pools, mtu, keepaliveSec, registrationTtlSec, holdDownSec };
  return { ...plan, ...optionsOf(record), revision: item.modRevision };
}

/** How much of each pool is taken. */
export function showPools(state: ClusterState): PoolUse[] {
  return state.theNetwork().record.pools.map(({ cidr, prefixLength }) => {
    const counts = state.pool.counts(parseCidr(cidr));
    return { cidr, prefixLength, subnets: String(counts?.total ?? 0n), taken: counts?.taken ?? 0 };
  });
}
