/** Creating, restoring and growing the network. */
import type { Network, NetworkInput } from '@wgcni/api';
import { CatalogueError, randomId, within, type Clock, type Random } from '@wgcni/base';
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
import { encodeRecord, transactUntilKnown, writtenSchema, type NetworkRecord, type Store } from '@wgcni/store';
import type { LeaderWriter } from '../registry/leader-writer.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import { alterNetwork, poolsOf } from './alter-network.ts';
import { showNetwork } from './show-network.ts';
import { refuseTaken } from './taken-addresses.ts';

export interface NetworkDeps {
  store: Store;
  state: ClusterState;
  clock: Clock;
  random: Random;
}

/** How long an answer may stay unknown, and how long our own view may lag behind the store. */
const patienceMs = 8_000;
/** Values of a network that were not said. */
const networkDefaults = { mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 24 * 3_600 };

/**
 * Creates the network, or restores it under the id that the nodes know, at any replica: nothing rests on a network that is not there. Idempotent for the
 * same id and plan.
 * Throws CatalogueError `network.exists` for another; `request.invalid`, `pool.overlap` and `network.contradictory` for a plan that cannot be.
 */
export async function putNetwork(deps: NetworkDeps, input: NetworkInput): Promise<Network> {
  const { state, store, clock, random } = deps;
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
  const transaction = {
    // FENCE: a network is created once; another one would not know the subnets that nodes hold.
    compare: [{ key: keys.network, target: 'create' as const, equals: 0 }],
    then: [{ kind: 'put' as const, key: keys.network, value: encodeRecord(record) }],
  };
  const { arm, revision } = await transactUntilKnown(store, transaction, { clock, random, deadlineMs: patienceMs });
  await within(clock, patienceMs, (signal) => state.reached(revision, signal));
  const stored = state.theNetwork();
  if (arm !== 'committed' && !isSame(stored.record, input)) {
    throw new CatalogueError('network.exists', `network ${stored.record.networkId} exists already`, {
      field: 'networkId',
      remedy:
        'grow it with PUT /v1/pools/{pool}, change its options with PATCH /v1/network; use another --cluster for another network',
    });
  }
  return showNetwork(stored);
}

/** Adds a pool, at the leader. Idempotent; `ifMatch` is the revision that the caller has seen. Throws `pool.overlap`, `revision.conflict`. */
export async function growNetwork(
  writer: LeaderWriter,
  pool: { cidr: string; prefixLength: number },
  ifMatch?: number,
): Promise<Network> {
  const { state } = writer.deps;
  const grown = await alterNetwork(writer, ifMatch, (record) => {
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
