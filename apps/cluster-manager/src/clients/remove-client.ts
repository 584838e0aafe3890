/** Everything by which a client leaves: an operator's word, or the end of its life; each with its tombstone in the same transaction. */
import { CatalogueError } from '@wgcni/base';
import type { ClientRecord, Compare, GoneRecord, StoredKey } from '@wgcni/store';
import type { LeaderWriter, Try } from '../registry/leader-writer.ts';
import { bury, type WithTombstones } from '../registry/tombstone.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import { claimantOf, unleased } from './plan-client.ts';

/**
 * Takes a client out everywhere, also one whose record cannot be read. One that is gone is fine. With `publicKey` only the client of that key. Throws CatalogueError
 * `client.unknown` for one of which nothing is known, or of which it is known that it left with another key, `client.exists` for one with another key, `key.claimed` for a key that is somebody else's, `request.invalid` when
 * nothing says its key, or nothing in the register is of the key that is said.
 */
export function removeClient(writer: LeaderWriter, name: string, publicKey?: string): Promise<void> {
  const { state } = writer.deps;
  return writer.change<void>(async () => {
    const leaving = leavingOf(state, name, publicKey) ?? strayOf(state, name, publicKey);
    if (leaving !== undefined) return departure(writer, leaving, 'deleted');
    if (hasLeft(state, name, publicKey)) return { result: undefined };
    throw publicKey === undefined ? unknownClient(name) : unknownKey(state, name, publicKey);
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
      return { ...(await departure(writer, { ...record, item, isKeyKnown: true }, 'expired')), result: record };
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
  /** Its record as it stands, whether or not it can be read; undefined where only its key is left. */
  item: StoredKey | undefined;
  /** Whether the register says that this is its key, and not the operator alone. */
  isKeyKnown: boolean;
}

/** By its record; of one that cannot be read by its last good state, by its claims, and by what the caller says. */
function leavingOf(state: ClusterState, name: string, told: string | undefined): Leaving | undefined {
  const { keys, clients } = state;
  const item = clients.standing(keys.client(name));
  if (item === undefined) return undefined;
  const record = state.clientOf(name)?.record;
  const known = record?.publicKey ?? claimedKey(state, name);
  if (known !== undefined && told !== undefined && known !== told) throw otherKey(name, known);
  const publicKey = known ?? told;
  if (publicKey === undefined) throw unsaidKey(name, clients.quarantined.get(item.key));
  if (known === undefined) refuseStrange(state, name, publicKey);
  const isKeyKnown = known !== undefined;
  if (record !== undefined && !clients.quarantined.has(item.key)) return { ...record, item, isKeyKnown };
  const addresses = [...(record?.addresses ?? []), ...claimedAddresses(state, name)];
  return { name, publicKey, addresses: [...new Set(addresses)], item, isKeyKnown };
}

/**
 * Only a key that is left of a client whose record is gone, as after a removal by a wrong key: the nodes let in whom no tombstone names. Undefined where there is one, where nothing
 * says that there was such a client, and where it is known that it left with another key: this one is mistyped then.
 */
function strayOf(state: ClusterState, name: string, told: string | undefined): Leaving | undefined {
  if (told === undefined || hasLeft(state, name, told)) return undefined;
  const isClaimed = state.claims.standing(state.keys.keyClaim(told)) !== undefined;
  if (!isClaimed && departuresOf(state, name).every(({ isKeyKnown }) => isKeyKnown === true)) return undefined;
  refuseForeign(state, name, told);
  const isKeyKnown = claimedKey(state, name) === told;
  return { name, publicKey: told, addresses: claimedAddresses(state, name), item: undefined, isKeyKnown };
}

/** Whether a tombstone tells of it: of the key that is said, else of any client of that name. */
function hasLeft(state: ClusterState, name: string, told: string | undefined): boolean {
  if (told !== undefined) return state.gone.standing(state.keys.goneEntry('client', told)) !== undefined;
  return departuresOf(state, name).length > 0;
}

/** The tombstones of any client of that name. */
function departuresOf({ gone }: ClusterState, name: string): GoneRecord[] {
  return gone.all().flatMap(({ record }) => (record.nodeId === claimantOf(name) ? [record] : []));
}

/** Each client has a claim to its key: a key without one is nobody's, as long as there are claims that may be this client's. */
function refuseStrange(state: ClusterState, name: string, told: string): void {
  refuseForeign(state, name, told);
  const { keys, claims } = state;
  if (claims.standing(keys.keyClaim(told)) !== undefined) return;
  const unread = [...claims.quarantined.keys()].filter((key) => claims.get(key) === undefined);
  if (unread.length > 0)
    throw strangeKey(
      name,
      told,
      unread.map((key) => keyOf(state, key)),
    );
}

/** FENCE: who has a key that is said by mistake is not cut off. A claim that cannot be read, and that nobody's record is of, is as good as the client's. */
function refuseForeign(state: ClusterState, name: string, told: string): void {
  const { keys, claims, nodes, clients } = state;
  const owner =
    claims.get(keys.keyClaim(told))?.record.nodeId ??
    nodes.all().find(({ record }) => record.publicKey === told)?.record.nodeId ??
    clients.all().flatMap(({ record }) => (record.publicKey === told ? claimantOf(record.name) : []))[0];
  if (owner === undefined || owner === claimantOf(name)) return;
  throw new CatalogueError('key.claimed', `the public key ${told} is claimed by ${owner}, not by the client ${name}`, {
    field: 'publicKey',
    remedy: `say by which key the nodes know ${name} (wg show on a node), or remove ${owner} by its own name`,
  });
}

function claimedAddresses({ keys, clientAddresses }: ClusterState, name: string): string[] {
  const claimed = clientAddresses.all().flatMap((each) => (each.record.name === name ? each.item.key : []));
  return claimed.map((key) => key.slice(keys.clientAddresses.length));
}

/** The key that the claim of this client says. */
function claimedKey(state: ClusterState, name: string): string | undefined {
  const claim = state.claims.all().find(({ record }) => record.nodeId === claimantOf(name))?.item.key;
  return claim === undefined ? undefined : keyOf(state, claim);
}

/** Of a claim, which says it as base64url without its end. */
function keyOf({ keys }: ClusterState, claim: string): string {
  return Buffer.from(claim.slice(keys.keyClaims.length), 'base64url').toString('base64');
}

async function departure(
  writer: LeaderWriter,
  { name, publicKey, addresses, item, isKeyKnown }: Leaving,
  why: 'deleted' | 'expired',
): Promise<Try<void>> {
  const { state } = writer.deps;
  const { keys } = state;
  const life = state.clientLives.standing(keys.clientLife(name));
  const tombstone = keys.goneEntry('client', publicKey);
  const parts: WithTombstones & { compare: Compare[] } = {
    compare: [
      item === undefined ? { key: keys.client(name), target: 'mod', equals: 0 } : unchanged(item),
      // FENCE: a client whose life begins anew meanwhile has not expired. `mod` 0 is of a key that is absent.
      { key: keys.clientLife(name), target: 'mod', equals: life?.modRevision ?? 0 },
      // FENCE: written below: this commits once, also where nothing but the key is left.
      { key: tombstone, target: 'mod', equals: state.gone.standing(tombstone)?.modRevision ?? 0 },
    ],
    then: item === undefined ? [] : [{ kind: 'delete', key: item.key }],
    leases: { granted: [], left: [] },
  };
  if (life !== undefined) {
    parts.then.push({ kind: 'delete', key: life.key });
    if (life.lease !== unleased) parts.leases.left.push(life.lease);
  }
  const claim = state.claims.standing(keys.keyClaim(publicKey));
  const claimant = state.claims.get(keys.keyClaim(publicKey))?.record.nodeId ?? claimantOf(name);
  // What nobody has ever read of its addresses is its own by its record.
  const isOwn = (key: string): boolean => (state.clientAddresses.get(key)?.record.name ?? name) === name;
  const held = addresses.map((address) => keys.clientAddress(address)).filter(isOwn);
  const owned = [
    ...held.map((key) => state.clientAddresses.standing(key)),
    ...(claimant === claimantOf(name) ? [claim] : []),
  ];
  for (const each of owned.flatMap((one) => one ?? [])) {
    parts.compare.push(unchanged(each));
    parts.then.push({ kind: 'delete', key: each.key });
  }
  const node = { nodeId: claimantOf(name), publicKey };
  await bury(writer, parts, { kind: 'client', id: publicKey, why, node, subnets: [], addresses, isKeyKnown });
  const { leases, ...transaction } = parts;
  return { transaction, leases, result: undefined };
}

function unchanged({ key, modRevision }: StoredKey): Compare {
  return { key, target: 'mod', equals: modRevision };
}

function strangeKey(name: string, told: string, unread: readonly string[]): CatalogueError {
  return new CatalogueError(
    'request.invalid',
    `nothing in the register is of the key ${told}: it is not that of ${name}`,
    {
      field: 'publicKey',
      remedy: `say by which key the nodes know it (wg show on a node); the claims of these cannot be read: ${unread.slice(0, 8).join(', ')}`,
    },
  );
}

/** No client of that name and key, and none that left. */
function unknownKey(state: ClusterState, name: string, told: string): CatalogueError {
  const left = departuresOf(state, name).map(({ publicKey }) => publicKey);
  if (left.length === 0) return unknownClient(name);
  return new CatalogueError(
    'client.unknown',
    `no client ${name} had the key ${told}; it left with ${left.join(', ')}`,
    {
      field: 'publicKey',
      remedy:
        'name that key, or none. Where nodes have a client that the register has lost (wg show on a node), add it again with its key, then remove it',
    },
  );
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
