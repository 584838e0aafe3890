/** Changing the network that exists: compare-and-swap on its one key, at any replica. */
import { CatalogueError, within, type Clock, type Random } from '@wgcni/base';
import { parseCidr, type Pool } from '@wgcni/ipam';
import { encodeRecord, transactUntilKnown, type NetworkRecord, type Store, type Transaction } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';

export interface NetworkDeps {
  store: Store;
  state: ClusterState;
  clock: Clock;
  random: Random;
}

const patienceMs = 8_000;

/**
 * Makes of the record what `alter` makes of it, and resolves with what stands then. `ifMatch` is the revision that the caller has seen; where the record is
 * already as it is to be, as after a repeat, that is no matter. Throws what `alter` throws, and CatalogueError `revision.conflict`.
 */
export async function alterNetwork(
  deps: NetworkDeps,
  ifMatch: number | undefined,
  alter: (record: NetworkRecord) => NetworkRecord,
): Promise<Kept<NetworkRecord>> {
  const { state } = deps;
  // ORDER: what stood when this was asked is in our view before anything is judged by it.
  const { revision } = await deps.store.range(state.keys.network, { limit: 1, keysOnly: true });
  await within(deps.clock, patienceMs, (signal) => state.reached(revision, signal));
  for (;;) {
    const { record, item } = state.theNetwork();
    const altered = alter(record);
    if (JSON.stringify(altered) === JSON.stringify(record)) return { record, item };
    if (ifMatch !== undefined && ifMatch !== item.modRevision) {
      throw new CatalogueError('revision.conflict', `the network is at revision ${item.modRevision}, not ${ifMatch}`, {
        field: 'if-match',
        remedy: 'read it again (GET /v1/network) and decide anew',
      });
    }
    const committed = await commitNetwork(deps, {
      // FENCE: every option is in this one record, and what was decided of them together was decided of this revision.
      compare: [{ key: item.key, target: 'mod', equals: item.modRevision }],
      then: [{ kind: 'put', key: item.key, value: encodeRecord(altered, item) }],
    });
    if (committed) return state.theNetwork();
  }
}

/** Whether the transaction was committed; resolves when our view shows its outcome. */
export async function commitNetwork(
  { store, state, clock, random }: NetworkDeps,
  transaction: Transaction,
): Promise<boolean> {
  const outcome = await transactUntilKnown(store, transaction, { clock, random, deadlineMs: patienceMs });
  await within(clock, patienceMs, (signal) => state.reached(outcome.revision, signal));
  return outcome.arm === 'committed';
}

/** Pools as the address rules take them. Throws CatalogueError `request.invalid` for text that is no CIDR. */
export function poolsOf(pools: readonly { cidr: string; prefixLength: number }[]): Pool[] {
  return pools.map(({ cidr, prefixLength }) => ({ cidr: parseCidr(cidr, 'pools'), prefixLength }));
}
