/** Whether a replica can do its work at this moment, and who leads as it last saw it. */
import type { Leader } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { decodeRecord, LeaderRecord } from '@wgcni/store';
import type { Replica } from './replica.ts';

/** Throws CatalogueError `store.unavailable`, `network.absent` or `leader.absent`. */
export function refuseUnready(replica: Replica): void {
  if (!replica.isSynced()) {
    throw new CatalogueError('store.unavailable', 'this replica does not follow the store at the moment', {
      remedy: 'see that etcd has a quorum',
    });
  }
  replica.state.theNetwork();
  if (leaderOf(replica) === null)
    throw new CatalogueError('leader.absent', 'no leader is elected at this moment', {
      remedy: 'try again in a second',
    });
}

export function leaderOf({ election }: Replica): Leader['leader'] {
  const { holder } = election;
  const decoded = holder === undefined ? undefined : decodeRecord(LeaderRecord, holder);
  return decoded?.kind === 'record' ? { replicaId: decoded.record.replicaId, url: decoded.record.url } : null;
}
