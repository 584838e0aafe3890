/** PURE: the clients of the next view; none goes without a readable cause, and none that was cut off comes back by itself (design §4.6, decision 0008). */
import type { ClusterView, KnownClient } from './cluster-view.ts';
import type { ClientEntry, MeshSnapshot, Tombstone } from './snapshot.ts';

export interface ClientCircumstances {
  /** What the store shows. */
  snapshot: MeshSnapshot;
  /** Whether the store went back. */
  wentBack: boolean;
  selfId: string;
}

/** The clients after the snapshot, from those of `known`, whose revisions are none that the store has not reached. */
export function planClients(known: ClusterView, circumstances: ClientCircumstances): KnownClient[] {
  const { snapshot, selfId, wentBack } = circumstances;
  const last = known.clients ?? [];
  const before = new Map(last.map((client) => [client.name, client]));
  const shown = snapshot.clients.map((entry) => {
    const one = before.get(entry.name);
    const isOut = one !== undefined && isBarred(one, known.departed);
    return nextOf(asSeenFrom(entry, selfId), one, { isOlder: wentBack || isRevived(entry, known), isOut });
  });
  const names = new Set(snapshot.clients.map(({ name }) => name));
  const missing = last.filter(({ name }) => !names.has(name)).flatMap((client) => keptOf(client, snapshot));
  const nodeKeys = snapshot.nodes.map(({ publicKey }) => publicKey);
  return settled([...shown, ...missing], new Set(nodeKeys), (client) => isBarred(client, known.departed));
}

/**
 * Whether a client that left for a readable cause is shown again only because the store went back to before that: it stays cut off until its
 * record is written anew.
 */
export function isBarred(
  { publicKey, doubtedRevision }: Pick<KnownClient, 'publicKey' | 'doubtedRevision'>,
  departed: readonly string[],
): boolean {
  return doubtedRevision !== undefined && departed.includes(publicKey);
}

/**
 * Whether the record stood before we saw its key leave: a store that went back, and has been written up to the revision that we knew before we looked
 * again, shows it by nothing else.
 */
function isRevived(
  { publicKey, modRevision }: ClientEntry,
  { clients = [], departed, revision }: ClusterView,
): boolean {
  return (
    modRevision <= revision && departed.includes(publicKey) && !clients.some((client) => client.publicKey === publicKey)
  );
}

/** What a node is to do is the same whether the client dials all nodes or this one alone. */
function asSeenFrom(entry: ClientEntry, selfId: string): ClientEntry {
  return entry.via === selfId ? { ...entry, via: null } : entry;
}

/** A client that the store shows: as it is shown, also with another key, unless the store went back to an older form of it. */
function nextOf(
  entry: ClientEntry,
  before: KnownClient | undefined,
  { isOlder, isOut }: { isOlder: boolean; isOut: boolean },
): KnownClient {
  const doubt = { state: 'unaccounted' as const, doubtedRevision: entry.modRevision };
  if (before === undefined) return isOlder ? { ...entry, ...doubt } : { ...entry, state: 'present' };
  const isDoubted = isOlder ? isOut || !sameRecord(entry, before) : before.doubtedRevision === entry.modRevision;
  // FENCE: a record from before the store went back is older than what we know, until it is written again.
  return isDoubted ? { ...before, ...doubt } : { ...entry, state: 'present' };
}

/** A client that the store does not show: gone by its tombstone, else kept. */
function keptOf(client: KnownClient, { gone, quarantinedClients }: MeshSnapshot): KnownClient[] {
  if (quarantinedClients.includes(client.name)) return [{ ...client, state: 'quarantined' }];
  return gone.some((tombstone) => buries(tombstone, client)) ? [] : [{ ...client, state: 'unaccounted' }];
}

/** Whether the tombstone is of this life of the client: newer than its record, and of its key. */
function buries({ kind, publicKey, modRevision }: Tombstone, client: KnownClient): boolean {
  // FENCE: a client that was added again may have the same key; an older tombstone is of the life before.
  return kind === 'client' && publicKey === client.publicKey && modRevision > client.modRevision;
}

/**
 * Each key and each address left to one client: to what the store shows before what it lacks, then to the newer record. Who has no key left has
 * ceased to be: a key has one claimant, and whoever is shown with it has it now.
 */
function settled(
  clients: readonly KnownClient[],
  takenKeys: Set<string>,
  isBarredOne: (client: KnownClient) => boolean,
): KnownClient[] {
  const rank = (client: KnownClient): number => (client.state === 'present' ? 0 : isBarredOne(client) ? 2 : 1);
  const ordered = clients.toSorted(
    (one, other) => rank(one) - rank(other) || other.modRevision - one.modRevision || (one.name < other.name ? -1 : 1),
  );
  const takenAddresses = new Set<string>();
  const left = ordered.flatMap((client): KnownClient[] => {
    if (takenKeys.has(client.publicKey)) return [];
    takenKeys.add(client.publicKey);
    const addresses = client.addresses.filter((address) => !takenAddresses.has(address));
    for (const address of addresses) takenAddresses.add(address);
    return [addresses.length === client.addresses.length ? client : { ...client, addresses }];
  });
  return left.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function sameRecord(entry: ClientEntry, client: KnownClient): boolean {
  const contentOf = ({ publicKey, addresses, via, reachable }: ClientEntry | KnownClient): string =>
    JSON.stringify([publicKey, addresses, via, reachable]);
  return contentOf(entry) === contentOf(client);
}
