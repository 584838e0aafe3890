/** PURE: clients as the REST surface shows them. */
import type { Client } from '@wgcni/api';
import type { ClientRecord } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';

export function showClient(state: ClusterState, { record, item }: Kept<ClientRecord>): Client {
  const { name, publicKey, addresses, via, reachable, allowedIps, expires } = record;
  const life = expires ? state.lifeOf(name)?.record : undefined;
  return {
    ...{ name, publicKey, addresses, via, reachable, allowedIps },
    expiresAt: life?.expiresAt ?? null,
    revision: item.modRevision,
  };
}

/** All clients, in order of their names. */
export function showClients(state: ClusterState): Client[] {
  return state.clients.all().map((client) => showClient(state, client));
}
