/** Changing the network that exists: by the leader, one change after the other with everything that rests on the network. */
import { CatalogueError, within } from '@wgcni/base';
import { parseCidr, type Pool } from '@wgcni/ipam';
import { encodeRecord, type NetworkRecord } from '@wgcni/store';
import type { LeaderWriter } from '../registry/leader-writer.ts';
import type { Kept } from '../state/table.ts';
import { refuseUnread } from './readers.ts';

/** How long our own view may lag behind the store. */
const patienceMs = 8_000;

/**
 * Makes of the record what `alter` makes of it, and resolves with what stands then. `ifMatch` is the revision that the caller has seen; where the record is
 * already as it is to be, as after a repeat, that is no matter. Throws what `alter` and the writer throw, CatalogueError `revision.conflict`, and `node.too-old` as `refuseUnread` does.
 *
 * FENCE: `alter` judges by clients, endpoints and routes too, which the transaction does not compare. They are written in the writer's queue alone, so
 * none of them changes between the judgement and the commit; where another leader wrote one, the term's fence has ended this one.
 */
export async function alterNetwork(
  writer: LeaderWriter,
  ifMatch: number | undefined,
  alter: (record: NetworkRecord) => NetworkRecord,
): Promise<Kept<NetworkRecord>> {
  const { state, store, clock } = writer.deps;
  // ORDER: a network that another replica has created a moment ago is in our view.
  const { revision } = await store.range(state.keys.network, { limit: 1, keysOnly: true });
  await within(clock, patienceMs, (signal) => state.reached(revision, signal));
  await writer.change<void>(async () => {
    const { record, item } = state.theNetwork();
    const altered = alter(record);
    if (JSON.stringify(altered) === JSON.stringify(record)) return { result: undefined };
    if (ifMatch !== undefined && ifMatch !== item.modRevision) {
      throw new CatalogueError('revision.conflict', `the network is at revision ${item.modRevision}, not ${ifMatch}`, {
        field: 'if-match',
        remedy: 'read it again (GET /v1/network) and decide anew',
      });
    }
    refuseUnread(state, record, altered);
    const transaction = {
      // FENCE: every option is in this one record, and what was decided of them together was decided of this revision.
      compare: [{ key: item.key, target: 'mod' as const, equals: item.modRevision }],
      then: [{ kind: 'put' as const, key: item.key, value: encodeRecord(altered, item) }],
    };
    return { transaction, result: undefined };
  });
  return state.theNetwork();
}

/** Pools as the address rules take them. Throws CatalogueError `request.invalid` for text that is no CIDR. */
export function poolsOf(pools: readonly { cidr: string; prefixLength: number }[]): Pool[] {
  return pools.map(({ cidr, prefixLength }) => ({ cidr: parseCidr(cidr, 'pools'), prefixLength }));
}
