/** The admission of a node as the store has it at this moment (linearizable), and one for a node that has lost its own. */
import { AdmissionRecord, decodeRecord, encodeRecord, type Store, writtenSchema } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';

/** One that cannot be read is taken as this replica knew it last. Throws StoreUnavailableError. */
export async function admissionNow(
  { store, state }: { store: Store; state: ClusterState },
  nodeId: string,
): Promise<AdmissionRecord | undefined> {
  const { item } = await store.get(state.keys.admission(nodeId));
  if (item === undefined) return undefined;
  const decoded = decodeRecord(AdmissionRecord, item);
  return decoded.kind === 'record' ? decoded.record : state.admissionOf(nodeId)?.record;
}

/**
 * Keeps by which key a node was known when nothing of it is stored: the store was emptied, or goes back to before it joined. Somebody who was quicker stays, and
 * so does the gap when the store does not answer: the next renewal closes it.
 */
export async function admitAsShown(
  { store, state }: { store: Store; state: ClusterState },
  nodeId: string,
  keyDigest: string,
): Promise<void> {
  const key = state.keys.admission(nodeId);
  const record: AdmissionRecord = { schema: writtenSchema, nodeId, state: 'joined', keyDigest };
  await store.transact({
    compare: [{ key, target: 'create', equals: 0 }],
    then: [{ kind: 'put', key, value: encodeRecord(record) }],
  });
}
