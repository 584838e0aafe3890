/** What a WireGuard device does with changes to its peers: a model, used by the memory device and as the oracle of the planner. */
import type { PublicKey } from './key.ts';
import type { Peer, PeerChange } from './peer.ts';

/** The peers after `changes`: a block given to one peer silently leaves the other that had it, as in the kernel. */
export function applyPeerChanges<P extends Peer>(
  peers: readonly P[],
  changes: readonly PeerChange[],
  fresh: (peer: Peer) => P,
): P[] {
  const table = new Map(peers.map((peer) => [peer.publicKey, peer]));
  for (const change of changes) applyOne(table, change, fresh);
  return [...table.values()];
}

function applyOne<P extends Peer>(table: Map<PublicKey, P>, change: PeerChange, fresh: (peer: Peer) => P): void {
  if (change.kind === 'remove') {
    table.delete(change.publicKey);
    return;
  }
  const publicKey = change.kind === 'add' ? change.peer.publicKey : change.publicKey;
  const before = table.get(publicKey) ?? fresh({ publicKey, endpoint: undefined, allowedIps: [], keepaliveSec: 0 });
  const { endpoint, allowedIps, keepaliveSec } = change.kind === 'add' ? change.peer : change;
  if (allowedIps !== undefined) takeFromOthers(table, publicKey, new Set(allowedIps));
  table.set(publicKey, {
    ...before,
    endpoint: endpoint ?? before.endpoint,
    allowedIps: [...(allowedIps ?? before.allowedIps)].sort(),
    keepaliveSec: keepaliveSec ?? before.keepaliveSec,
  });
}

function takeFromOthers<P extends Peer>(table: Map<PublicKey, P>, taker: PublicKey, taken: ReadonlySet<string>): void {
  for (const [key, peer] of table) {
    if (key === taker || !peer.allowedIps.some((cidr) => taken.has(cidr))) continue;
    table.set(key, { ...peer, allowedIps: peer.allowedIps.filter((cidr) => !taken.has(cidr)) });
  }
}
