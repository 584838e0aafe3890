/** PURE: which clients are peers of this node, and which are reached by another node that alone has them. */
import { formatCidr, cidrOf, parseAddress, widthOf } from '@wgcni/ipam';
import type { PublicKey } from '@wgcni/wg';
import type { ClusterView, KnownClient } from '../view/cluster-view.ts';
import { isBarred } from '../view/plan-clients.ts';
import type { DesiredPeer } from './desired-peer.ts';

export interface PlacedClients {
  /** Peers of this node: without endpoint, which they tell by dialling, and without keepalive, since they may sleep. */
  here: DesiredPeer[];
  /** What the peer of a node is allowed beside its subnets, by node id: canonical CIDRs. */
  behind: ReadonlyMap<string, string[]>;
  /** Keys of clients that are no peers of this node, for a cause that stands in their records. */
  elsewhere: string[];
}

/** Where each client of the view is. A client that dials a node that is not known is nowhere: its packets end as unreachable. */
export function placeClients({ clients = [], departed }: ClusterView): PlacedClients {
  const here: DesiredPeer[] = [];
  const behind = new Map<string, string[]>();
  const elsewhere: string[] = [];
  for (const client of clients.filter((one) => !isBarred(one, departed))) {
    const allowedIps = allowedIpsOf(client);
    if (client.via === null) here.push(peerOf(client, allowedIps));
    else {
      behind.set(client.via, [...(behind.get(client.via) ?? []), ...allowedIps]);
      elsewhere.push(client.publicKey);
    }
  }
  return { here, behind, elsewhere };
}

function peerOf({ publicKey }: KnownClient, allowedIps: string[]): DesiredPeer {
  return { publicKey: publicKey as PublicKey, endpoints: [], allowedIps, keepaliveSec: 0 };
}

/** Exactly its addresses. */
function allowedIpsOf({ addresses }: KnownClient): string[] {
  return addresses
    .map((text) => parseAddress(text))
    .map((address) => formatCidr(cidrOf(address, widthOf(address.family))))
    .sort();
}
