/** At start: creates the network once, or sees that what was said at start is contained in the one that is stored. */
import type { NetworkInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { isContained, optionsOf } from '@wgcni/ipam';
import type { NetworkRecord } from '@wgcni/store';
import { poolsOf } from './alter-network.ts';
import { type NetworkDeps, putNetwork } from './change-network.ts';

/** Throws CatalogueError `config.invalid` that lists every difference. Without a network and without `bootstrap` nothing happens. */
export async function bootstrap(deps: NetworkDeps, said: Partial<NetworkInput>, isBootstrap: boolean): Promise<void> {
  const { state } = deps;
  const stored = state.network.get(state.keys.network);
  if (stored === undefined && isBootstrap && said.pools !== undefined) {
    // Another replica may do the same at this moment: one of them creates it, the other finds it.
    await putNetwork(deps, { ...said, pools: said.pools }).catch((error: unknown) => {
      if (!(error instanceof CatalogueError) || error.code !== 'network.exists') throw error;
    });
  }
  const network = state.network.get(state.keys.network);
  if (network !== undefined) refuseDifferences(network.record, said);
}

function refuseDifferences(stored: NetworkRecord, said: Partial<NetworkInput>): void {
  const { clientPools } = optionsOf(stored);
  const found = isContained(
    { ...said, pools: poolsOf(said.pools ?? []) },
    { ...stored, clientPools, pools: poolsOf(stored.pools) },
  );
  if (found.kind === 'contained') return;
  const differences = found.differences.map(
    ({ flag, given, stored: other }) => `${flag} ${given} is stored as ${other}`,
  );
  throw new CatalogueError(
    'config.invalid',
    `the flags are not contained in the stored network ${stored.networkId}: ${differences.join('; ')}`,
    {
      field: found.differences[0]?.flag ?? '--pool',
      remedy:
        'leave these flags out or give the stored values; a pool is added with PUT /v1/pools/{pool}, options are changed with `wgcni network set`',
    },
  );
}
