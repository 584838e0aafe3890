/** Everything by which a client leaves: an operator's word, or the end of its life; each with its tombstone in the same transaction. */
import { CatalogueError } from '@wgcni/base';
import type { ClientRecord, Compare, StoredKey } from '@wgcni/store';
import type { LeaderWriter, Try } from '../registry/leader-writer.ts';
import { bury, type WithTombstones } from '../registry/tombstone.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import { claimantOf, unleased } from './plan-client.ts';

/**
 * Takes a client out everywhere, also one whose record cannot be read. One that is gone is fine. With `publicKey` only the client of that key. Throws CatalogueError
 * `client.unknown` for one of which nothing is known, `client.exists` for one with another key, `request.invalid` when nothing says its key.
 */
export function removeClient(writer: LeaderWriter, name: string, publicKey?: string): Promise<void> {
  const { state } = writer.deps;
  return writer.change<void>(async () => {
    const leaving = leavingOf(state, name, publicKey);
    if (leaving !== undefined) return departure(writer, leaving, 'deleted');
    if (state.gone.all().some(({ record }) => record.nodeId === claimantOf(name))) return { result: undefined };
    throw unknownClient(name);
  });
}

/** Takes a client out whose life has ended; nothing when it lives, is gone, or has no end. */
export function expireClient(writer: LeaderWriter, name: string): Promise<boolean> {
  const { state, log } = writer.deps;
  return writer
    .change<ClientRecord | undefined>(async () => {
      const client = state.clientOf(name);
      if (client === undefined || !state.isLapsed(name)) return { result: undefined };
      const { item, record } = client;
      return { ...(await departure(writer, { ...record, item }, 'expired')), result: record };
    })
    .then((record) => {
      if (record !== undefined) log.info({ name, addresses: record.addresses }, 'client.expired');
      return record !== undefined;
    });
}

/** No client of that name. */
export function unknownClient(name: string): CatalogueError {
  return new CatalogueError('client.unknown', `there is no client ${name}`, {
    field: 'name',
    remedy: 'see GET /v1/clients for those that are',
  });
}

/** A client that goes. */
interface Leaving extends Pick<ClientRecord, 'name' | 'publicKey' | 'addresses'> {
  /** Its record as it stands, whether or not it can be read. */
  item: StoredKey;
}

/** By its record; of one that cannot be read by its last good state, by its claims, and by what the caller says. */
function leavingOf(state: ClusterState, name: string, told: string | undefined): Leaving | undefined {
  const { keys, clients, clientAddresses } = state;
  const item = clients.standing(keys.client(name));
  if (item === undefined) return undefined;
  const record = state.clientOf(name)?.record;
  const known = record?.publicKey ?? claimedKey(state, name);
  if (known !== undefined && told !== undefined && known !== told) throw otherKey(name, known);
  const publicKey = known ?? told;
  if (publicKey === undefined) throw unsaidKey(name, clients.quarantined.get(item.key));
  if (record !== undefined && !clients.quarantined.has(item.key)) return { ...record, item };
  const claimed = clientAddresses.all().flatMap((each) => (each.record.name === name ? each.item.key : []));
  const addresses = claimed.map((key) => key.slice(keys.clientAddresses.length));
  return { name, publicKey, addresses: [...new Set([...(record?.addresses ?? []), ...addresses])], item };
}

/** The key that a claim's key says: base64url without its end. */
function claimedKey({ keys, claims }: ClusterState, name: string): string | undefined {
  const claim = claims.all().find(({ record }) => record.nodeId === claimantOf(name))?.item.key;
  if (claim === undefined) return undefined;
  return Buffer.from(claim.slice(keys.keyClaims.length), 'base64url').toString('base64');
}

async function departure(
  writer: LeaderWriter,
  { name, publicKey, addresses, item }: Leaving,
  why: 'deleted' | 'expired',
): Promise<Try<void>> {
  const { state } = writer.deps;
  const { keys } = state;
  const life = state.clientLives.standing(keys.clientLife(name));
  const parts: WithTombstones & { compare: Compare[] } = {
    compare: [
      unchanged(item),
      // FENCE: a client whose life begins anew meanwhile has not expired. `mod` 0 is of a key that is absent.
      { key: keys.clientLife(name), target: 'mod', equals: life?.modRevision ?? 0 },
    ],
    then: [{ kind: 'delete', key: item.key }],
    leases: { granted: [], left: [] },
  };
  if (life !== undefined) {
    parts.then.push({ kind: 'delete', key: life.key });
    if (life.lease !== unleased) parts.leases.left.push(life.lease);
  }
  const claim = state.claims.get(keys.keyClaim(publicKey));
  const held = addresses.flatMap((address) => state.clientAddresses.get(keys.clientAddress(address)) ?? []);
  const owned = [
    ...held.filter(({ record }) => record.name === name).map((each) => state.clientAddresses.standing(each.item.key)),
    ...(claim?.record.nodeId === claimantOf(name) ? [state.claims.standing(claim.item.key)] : []),
  ];
  for (const each of owned.flatMap((one) => one ?? [])) {
    parts.compare.push(unchanged(each));
    parts.then.push({ kind: 'delete', key: each.key });
  }
  const node = { nodeId: claimantOf(name), publicKey };
  await bury(writer, parts, { kind: 'client', id: publicKey, why, node, subnets: [], addresses });
  const { leases, ...transaction } = parts;
  return { transaction, leases, result: undefined };
}

function unchanged({ key, modRevision }: StoredKey): Compare {
  return { key, target: 'mod', equals: modRevision };
}

function otherKey(name: string, publicKey: string): CatalogueError {
  return new CatalogueError('client.exists', `the client ${name} has another key, ${publicKey}`, {
    field: 'publicKey',
    remedy: 'name that key, or none, to remove it',
  });
}

function unsaidKey(name: string, why: string | undefined): CatalogueError {
  return new CatalogueError(
    'request.invalid',
    `the record of the client ${name} cannot be read (${why}), and nothing else says its key`,
    {
      field: 'publicKey',
      remedy: `say by which key the nodes know it (wg show on a node): wgcni client remove ${name} --public-key KEY`,
    },
  );
}
