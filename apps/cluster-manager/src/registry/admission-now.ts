/** The admission of a node as the store has it at this moment (linearizable). */
import { AdmissionRecord, decodeRecord, type Store } from '@wgcni/store';
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
