/** Everything by which a client leaves: an operator's word, or the end of its life; each with its tombstone in the same transaction. */
import { CatalogueError } from '@wgcni/base';
import type { ClientRecord, Compare } from '@wgcni/store';
import type { LeaderWriter, Try } from '../registry/leader-writer.ts';
import { bury, type WithTombstones } from '../registry/tombstone.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';
import { claimantOf } from './plan-client.ts';

/** Takes a client out everywhere. One that is gone is fine; throws CatalogueError `client.unknown` for one of which nothing is known. */
export function removeClient(writer: LeaderWriter, name: string): Promise<void> {
  const { state } = writer.deps;
  return writer.change<void>(async () => {
    const client = state.clientOf(name);
    if (client !== undefined) return departure(writer, client, 'deleted');
    if (state.gone.all().some(({ record }) => record.nodeId === claimantOf(name))) return { result: undefined };
    throw unknownClient(name);
  });
}

/** Takes a client out whose life has ended; nothing when it lives, is gone, or has no end. */
export function expireClient(writer: LeaderWriter, name: string): Promise<void> {
  const { state, log } = writer.deps;
  return writer
    .change<ClientRecord | undefined>(async () => {
      const client = state.clientOf(name);
      if (client === undefined || !isLapsed(state, client)) return { result: undefined };
      return { ...(await departure(writer, client, 'expired')), result: client.record };
    })
    .then((record) => {
      if (record !== undefined) log.info({ name, addresses: record.addresses }, 'client.expired');
    });
}

/** Whether the client's life has ended: the lease is gone and has taken the key with it. */
export function isLapsed(
  { keys, clientLives }: ClusterState,
  { record: { name, expires } }: Kept<ClientRecord>,
): boolean {
  const key = keys.clientLife(name);
  // A life that cannot be read stands there all the same.
  return expires && clientLives.get(key) === undefined && !clientLives.quarantined.has(key);
}

/** No client of that name. */
export function unknownClient(name: string): CatalogueError {
  return new CatalogueError('client.unknown', `there is no client ${name}`, {
    field: 'name',
    remedy: 'see GET /v1/clients for those that are',
  });
}

async function departure(
  writer: LeaderWriter,
  client: Kept<ClientRecord>,
  why: 'deleted' | 'expired',
): Promise<Try<void>> {
  const { state } = writer.deps;
  const { keys } = state;
  const { name, publicKey, addresses } = client.record;
  const life = state.lifeOf(name);
  const parts: WithTombstones & { compare: Compare[] } = {
    compare: [
      unchanged(client),
      // FENCE: a client whose life begins anew meanwhile has not expired. `mod` 0 is of a key that is absent.
      { key: keys.clientLife(name), target: 'mod', equals: state.clientLives.modRevision(keys.clientLife(name)) },
    ],
    then: [{ kind: 'delete', key: client.item.key }],
    leases: { granted: [], left: [] },
  };
  if (life !== undefined) {
    parts.then.push({ kind: 'delete', key: life.item.key });
    parts.leases.left.push(life.item.lease);
  }
  const claim = state.claims.get(keys.keyClaim(publicKey));
  const held = addresses.flatMap((address) => state.clientAddresses.get(keys.clientAddress(address)) ?? []);
  const owned = [
    ...held.filter(({ record }) => record.name === name),
    ...(claim?.record.nodeId === claimantOf(name) ? [claim] : []),
  ];
  for (const each of owned) {
    parts.compare.push(unchanged(each));
    parts.then.push({ kind: 'delete', key: each.item.key });
  }
  const node = { nodeId: claimantOf(name), publicKey };
  await bury(writer, parts, { kind: 'client', id: publicKey, why, node, subnets: [], addresses });
  const { leases, ...transaction } = parts;
  return { transaction, leases, result: undefined };
}

function unchanged({ item }: { item: { key: string; modRevision: number } }): Compare {
  return { key: item.key, target: 'mod', equals: item.modRevision };
}
