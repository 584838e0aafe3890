/** PURE: the clients as the status shows them: what is known of the cluster beside what the device holds. */
import type { NodeClientStatus } from '@wgcni/api';
import type { ObservedPeer } from '@wgcni/wg';
import type { ClusterView, KnownClient } from '../view/cluster-view.ts';
import { isBarred } from '../view/plan-clients.ts';
import { tunnelOf } from './peer-status.ts';

/** The clients of the view, in the order of their names. `wallMs` is now. */
export function clientStatus(
  { clients = [], departed }: Pick<ClusterView, 'clients' | 'departed'>,
  observed: readonly ObservedPeer[],
  wallMs: number,
): NodeClientStatus[] {
  const seen = new Map(observed.map((peer) => [peer.publicKey as string, peer]));
  return clients.map((client) => {
    const { name, publicKey, addresses, via } = client;
    const peer = seen.get(publicKey);
    const state = isBarred(client, departed) ? 'barred' : stateOf(client, peer);
    return { name, publicKey, addresses, via, state, ...tunnelOf(peer, wallMs) };
  });
}

function stateOf({ via, state }: KnownClient, peer: ObservedPeer | undefined): NodeClientStatus['state'] {
  if (via !== null) return 'elsewhere';
  if (peer === undefined) return 'missing';
  return state === 'unaccounted' ? 'unaccounted' : 'programmed';
}
