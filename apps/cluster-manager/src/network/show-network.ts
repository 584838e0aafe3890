/** PURE: the address plan as the REST surface shows it. */
import type { Network, PoolUse } from '@wgcni/api';
import { parseCidr } from '@wgcni/ipam';
import type { NetworkRecord } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';

export function showNetwork({ record, item }: Kept<NetworkRecord>): Network {
  const { networkId, pools, mtu, keepaliveSec, registrationTtlSec, holdDownSec } = record;
  return { networkId, pools, mtu, keepaliveSec, registrationTtlSec, holdDownSec, revision: item.modRevision };
}

/** How much of each pool is taken. */
export function showPools(state: ClusterState): PoolUse[] {
  return state.theNetwork().record.pools.map(({ cidr, prefixLength }) => {
    const counts = state.pool.counts(parseCidr(cidr));
    return { cidr, prefixLength, subnets: String(counts?.total ?? 0n), taken: counts?.taken ?? 0 };
  });
}
