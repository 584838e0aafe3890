/** PURE: the addresses of a client, one of each family that has a client pool. */
import { CatalogueError } from '@wgcni/base';
import {
  type Address,
  chooseClientAddress,
  containsAddress,
  formatAddress,
  formatCidr,
  parseAddress,
  type Cidr,
} from '@wgcni/ipam';
import type { ClusterState } from '../state/cluster-state.ts';
import { clientPoolsOf } from './mesh-blocks.ts';

export interface Addressed {
  name: string;
  publicKey: string;
  /** What it has already, which it keeps. */
  before: readonly string[];
}

/** What it has, and an address from each pool of which it has none. Throws CatalogueError `client.pool-absent`, `pool.exhausted`. */
export function addressesFor(state: ClusterState, { name, publicKey, before }: Addressed): string[] {
  const pools = clientPoolsOf(state);
  if (pools.length === 0 && before.length === 0)
    throw new CatalogueError('client.pool-absent', 'the network has no addresses for clients', {
      remedy: 'give it a client pool, like wgcni network set --client-pool 10.66.0.0/24',
    });
  const lacked = pools.filter((pool) => !before.some((text) => containsAddress(pool, parseAddress(text))));
  const seed = seedOf(publicKey);
  const isTaken = (address: Address): boolean => isOthers(state, formatAddress(address), name);
  const resting = restingIn(state, publicKey);
  const isResting = (address: Address): boolean => resting.has(formatAddress(address));
  const chosen = lacked.map((pool) => {
    const address = chooseClientAddress({ pool, seed, isTaken, isResting });
    if (address === undefined) throw exhausted(pool);
    return formatAddress(address);
  });
  return [...before, ...chosen];
}

/** What cannot be read is taken too: its key says which address it is. */
function isOthers({ keys, clientAddresses }: ClusterState, address: string, name: string): boolean {
  const key = keys.clientAddress(address);
  if (clientAddresses.quarantined.has(key)) return true;
  const kept = clientAddresses.get(key);
  return kept !== undefined && kept.record.name !== name;
}

/** What clients that are gone had, as long as their tombstones tell of them; a client that comes back with its key gets its own. */
function restingIn({ gone }: ClusterState, publicKey: string): ReadonlySet<string> {
  const left = gone.all().filter(({ record }) => record.kind === 'client' && record.publicKey !== publicKey);
  return new Set(left.flatMap(({ record }) => record.addresses ?? []));
}

/** The bytes of a public key are as good as drawn. */
function seedOf(publicKey: string): bigint {
  return Buffer.from(publicKey, 'base64').readBigUInt64BE();
}

function exhausted(pool: Cidr): CatalogueError {
  return new CatalogueError('pool.exhausted', `every address of the client pool ${formatCidr(pool)} is taken`, {
    remedy: 'remove clients that are not used any more (wgcni client list)',
  });
}
