/** Creating, restoring and growing the network: compare-and-swap on its one key, at any replica. */
import type { Network, NetworkInput } from '@wgcni/api';
import { CatalogueError, randomId, within, type Clock, type Random } from '@wgcni/base';
import { checkNetwork, checkOptions, formatCidr, isContained, parseCidr, type Pool } from '@wgcni/ipam';
import {
  encodeRecord,
  transactUntilKnown,
  writtenSchema,
  type NetworkRecord,
  type Store,
  type Transaction,
} from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import { showNetwork } from './show-network.ts';

export interface NetworkDeps {
  store: Store;
  state: ClusterState;
  clock: Clock;
  random: Random;
}

/** Values of a network that were not said. */
const networkDefaults = { mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 24 * 3_600 };

const patienceMs = 8_000;

/**
 * Creates the network, or restores it under the id that the nodes know. Idempotent for the same id and plan.
 * Throws CatalogueError `network.exists` for another, `request.invalid` and `pool.overlap` for a plan that cannot be.
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
  const committed = await commit(deps, {
    // FENCE: a network is created once; another one would not know the subnets that nodes hold.
    compare: [{ key: keys.network, target: 'create', equals: 0 }],
    then: [{ kind: 'put', key: keys.network, value: encodeRecord(record) }],
  });
  const stored = state.theNetwork();
  if (!committed && !isSame(stored.record, input)) {
    throw new CatalogueError('network.exists', `network ${stored.record.networkId} exists already`, {
      field: 'networkId',
      remedy: 'grow it with PUT /v1/pools/{pool}; use another --cluster for another network',
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
  for (;;) {
    const { record, item } = state.theNetwork();
    if (ifMatch !== undefined && ifMatch !== item.modRevision) {
      throw new CatalogueError('revision.conflict', `the network is at revision ${item.modRevision}, not ${ifMatch}`, {
        field: 'if-match',
        remedy: 'read it again (GET /v1/network) and decide anew',
      });
    }
    const existing = record.pools.find(({ cidr }) => cidr === pool.cidr);
    if (existing?.prefixLength === pool.prefixLength) return showNetwork({ record, item });
    const grown = { ...record, pools: [...record.pools, pool] };
    checkNetwork({ pools: poolsOf(grown.pools), mtu: grown.mtu });
    const committed = await commit(deps, {
      compare: [{ key: item.key, target: 'mod', equals: item.modRevision }],
      then: [{ kind: 'put', key: item.key, value: encodeRecord(grown, item) }],
    });
    if (committed) return showNetwork(state.theNetwork());
  }
}

async function commit({ store, state, clock, random }: NetworkDeps, transaction: Transaction): Promise<boolean> {
  const outcome = await transactUntilKnown(store, transaction, { clock, random, deadlineMs: patienceMs });
  await within(clock, patienceMs, (signal) => state.reached(outcome.revision, signal));
  return outcome.arm === 'committed';
}

function isSame(stored: NetworkRecord, input: NetworkInput): boolean {
  if (input.networkId !== undefined && input.networkId !== stored.networkId) return false;
  const contained = isContained({ ...input, pools: poolsOf(input.pools) }, { ...stored, pools: poolsOf(stored.pools) });
  return contained.kind === 'contained';
}

/** Pools as the address rules take them. Throws CatalogueError `request.invalid` for text that is no CIDR. */
export function poolsOf(pools: readonly { cidr: string; prefixLength: number }[]): Pool[] {
  return pools.map(({ cidr, prefixLength }) => ({ cidr: parseCidr(cidr, 'pools'), prefixLength }));
}
