/** Creating, restoring and growing the network: compare-and-swap on its one key, at any replica. */
import type { Network, NetworkInput } from '@wgcni/api';
import { CatalogueError, randomId } from '@wgcni/base';
import {
  checkClientPools,
  checkNetwork,
  checkOptions,
  formatCidr,
  isContained,
  optionsOf,
  parseCidr,
  saidOptions,
} from '@wgcni/ipam';
import { encodeRecord, writtenSchema, type NetworkRecord } from '@wgcni/store';
import { alterNetwork, commitNetwork, type NetworkDeps, poolsOf } from './alter-network.ts';
import { showNetwork } from './show-network.ts';
import { refuseTaken } from './taken-addresses.ts';

/** Values of a network that were not said. */
const networkDefaults = { mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 24 * 3_600 };

/**
 * Creates the network, or restores it under the id that the nodes know. Idempotent for the same id and plan.
 * Throws CatalogueError `network.exists` for another; `request.invalid`, `pool.overlap` and `network.contradictory` for a plan that cannot be.
 */
export async function putNetwork(deps: NetworkDeps, input: NetworkInput): Promise<Network> {
  const { state, random } = deps;
  const { keys } = state;
  const record: NetworkRecord = {
    schema: writtenSchema,
    ...networkDefaults,
    ...input,
    networkId: input.networkId ?? randomId(random),
    pools: input.pools.map(({ cidr, prefixLength }) => ({ cidr: formatCidr(parseCidr(cidr, 'pools')), prefixLength })),
    ...checkOptions(input, poolsOf(input.pools)),
  };
  checkNetwork({ pools: poolsOf(record.pools), mtu: record.mtu });
  const committed = await commitNetwork(deps, {
    // FENCE: a network is created once; another one would not know the subnets that nodes hold.
    compare: [{ key: keys.network, target: 'create', equals: 0 }],
    then: [{ kind: 'put', key: keys.network, value: encodeRecord(record) }],
  });
  const stored = state.theNetwork();
  if (!committed && !isSame(stored.record, input)) {
    throw new CatalogueError('network.exists', `network ${stored.record.networkId} exists already`, {
      field: 'networkId',
      remedy:
        'grow it with PUT /v1/pools/{pool}, change its options with PATCH /v1/network; use another --cluster for another network',
    });
  }
  return showNetwork(stored);
}

/** Adds a pool. Idempotent; `ifMatch` is the revision that the caller has seen. Throws `pool.overlap`, `revision.conflict`. */
export async function growNetwork(
  deps: NetworkDeps,
  pool: { cidr: string; prefixLength: number },
  ifMatch?: number,
): Promise<Network> {
  const { state } = deps;
  const grown = await alterNetwork(deps, ifMatch, (record) => {
    const existing = record.pools.find(({ cidr }) => cidr === pool.cidr);
    if (existing?.prefixLength === pool.prefixLength) return record;
    const pools = [...record.pools, pool];
    checkNetwork({ pools: poolsOf(pools), mtu: record.mtu });
    checkClientPools(optionsOf(record).clientPools, poolsOf(pools), 'pool');
    refuseTaken(state, parseCidr(pool.cidr), 'pool');
    return { ...record, pools };
  });
  return showNetwork(grown);
}

function isSame(stored: NetworkRecord, input: NetworkInput): boolean {
  if (input.networkId !== undefined && input.networkId !== stored.networkId) return false;
  const { clientPools, ...others } = saidOptions(checkOptions(input, poolsOf(input.pools)));
  const all = optionsOf(stored);
  if (
    Object.entries(others).some(
      ([name, said]) => JSON.stringify(said) !== JSON.stringify(all[name as keyof typeof all]),
    )
  )
    return false;
  const contained = isContained(
    { ...input, clientPools, pools: poolsOf(input.pools) },
    { ...stored, clientPools: all.clientPools, pools: poolsOf(stored.pools) },
  );
  return contained.kind === 'contained';
}
