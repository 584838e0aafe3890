/** PURE: what a client comes to: its record, its addresses, its key and its life in one transaction (decision 0008). */
import type { ClientInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { formatCidr, overlaps, parseCidr, withoutInner } from '@wgcni/ipam';
import { encodeRecord, writtenSchema, type ClientRecord, type Compare, type LeaseId, type Write } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';

import { addressesFor } from './client-addresses.ts';
import { blocksOfMesh } from './mesh-blocks.ts';

/** All that is written but the life, whose lease is to be granted first. */
export interface ClientPlan {
  record: ClientRecord;
  compare: Compare[];
  then: Write[];
  /** Leases of keys that are replaced or deleted. */
  left: LeaseId[];
}

/** The lease of a key that has none. */
export const unleased = '0';

/** The claimant of a client's key: no node id has a '/'. */
export function claimantOf(name: string): string {
  return `client/${name}`;
}

/**
 * What makes the client so, as of this view. Throws CatalogueError `client.exists` when the name stands for another key, `key.claimed`, `node.unknown`,
 * `request.invalid`, `client.pool-absent`, `pool.exhausted`, `record.unreadable` when a claim of its own cannot be read.
 */
export function planClient(state: ClusterState, name: string, input: ClientInput): ClientPlan {
  const { keys } = state;
  const before = state.clientOf(name);
  refuseUnreadable(state, name);
  refuseOtherKey(name, before?.record, input.publicKey);
  refuseForeignKey(state, name, input.publicKey);
  const { publicKey, via = null, reachable = false, allowedIps = null, ttlSec } = input;
  const wishes = { via, reachable, allowedIps: canonical(allowedIps) };
  if (via !== null && state.nodeOf(via) === undefined) throw unknownVia(via);
  refuseUncarried(state, wishes);
  const addresses = addressesFor(state, { name, publicKey, before: before?.record.addresses ?? [] });
  const record: ClientRecord = {
    ...{ schema: writtenSchema, name, publicKey, addresses },
    // Nothing said of its end leaves it as it is: a change of something else makes nobody stay for good.
    ...{ ...wishes, expires: ttlSec === undefined ? (before?.record.expires ?? false) : ttlSec !== null },
  };
  const plan: ClientPlan = {
    record,
    compare: [
      // FENCE: nothing that this rests on has changed; an absent key has revision 0.
      { key: keys.client(name), target: 'mod', equals: before?.item.modRevision ?? 0 },
      {
        key: keys.clientLife(name),
        target: 'mod',
        equals: state.clientLives.standing(keys.clientLife(name))?.modRevision ?? 0,
      },
      { key: keys.network, target: 'mod', equals: state.network.modRevision(keys.network) },
    ],
    then: [],
    left: [],
  };
  const text = encodeRecord(record, before?.item);
  // What is as it was makes no watch traffic.
  if (text !== before?.item.value) plan.then.push({ kind: 'put', key: keys.client(name), value: text });
  for (const address of addresses) addAddress(state, plan, address);
  addClaim(state, plan);
  addLife(state, plan, ttlSec);
  addReturn(state, plan);
  return plan;
}

function addAddress(
  { keys, clientAddresses }: ClusterState,
  { record: { name }, compare, then }: ClientPlan,
  address: string,
) {
  const key = keys.clientAddress(address);
  const why = clientAddresses.quarantined.get(key);
  if (why !== undefined) throw unreadableClaim(name, `the address ${address}`, { key, why });
  const kept = clientAddresses.get(key);
  // FENCE: one address, one client: it is put where nothing stands, or stays as it is.
  compare.push({ key, target: 'mod', equals: kept?.item.modRevision ?? 0 });
  if (kept === undefined) then.push({ kind: 'put', key, value: encodeRecord({ schema: writtenSchema, name }) });
}

function addClaim({ keys, claims }: ClusterState, { record: { name, publicKey }, compare, then }: ClientPlan): void {
  const key = keys.keyClaim(publicKey);
  const claim = claims.get(key);
  compare.push({ key, target: 'mod', equals: claim?.item.modRevision ?? 0 });
  const value = encodeRecord({ schema: writtenSchema, nodeId: claimantOf(name) });
  if (claim === undefined) then.push({ kind: 'put', key, value });
}

/** The life that stood there ends with its lease: another takes its place, or none; nothing said leaves it alone. */
function addLife(
  state: ClusterState,
  { record: { name, expires }, then, left }: ClientPlan,
  ttlSec: ClientInput['ttlSec'],
): void {
  if (expires && ttlSec === undefined) return;
  const life = state.clientLives.standing(state.keys.clientLife(name));
  if (life === undefined) return;
  if (life.lease !== unleased) left.push(life.lease);
  if (!expires) then.push({ kind: 'delete', key: life.key });
}

/** Of a client that comes back with its key it is no longer said that it is gone. */
function addReturn({ keys, gone }: ClusterState, { record: { publicKey }, compare, then, left }: ClientPlan): void {
  const key = keys.goneEntry('client', publicKey);
  const tombstone = gone.standing(key);
  // FENCE: a try of this that comes late, after a removal, finds the tombstone; all else is absent again then, as it was.
  compare.push({ key, target: 'mod', equals: tombstone?.modRevision ?? 0 });
  if (tombstone === undefined) return;
  then.push({ kind: 'delete', key });
  if (tombstone.lease !== unleased) left.push(tombstone.lease);
}

function canonical(allowedIps: readonly string[] | null): string[] | null {
  if (allowedIps === null) return null;
  return withoutInner(allowedIps.map((text) => parseCidr(text, 'allowedIps'))).map(formatCidr);
}

/** A newer version may have written it: what is not understood is not written over. */
function refuseUnreadable({ keys, clients }: ClusterState, name: string): void {
  const why = clients.quarantined.get(keys.client(name));
  if (why === undefined) return;
  throw new CatalogueError('client.exists', `the record of the client ${name} cannot be read: ${why}`, {
    field: 'name',
    remedy: `update the cluster-managers if a newer one wrote it, or remove it and add it again: wgcni client remove ${name}`,
  });
}

function refuseOtherKey(name: string, before: ClientRecord | undefined, publicKey: string): void {
  if (before === undefined || before.publicKey === publicKey) return;
  throw new CatalogueError('client.exists', `there is a client ${name} with another key, ${before.publicKey}`, {
    field: 'publicKey',
    remedy: `give --public-key ${before.publicKey} to change what it may, remove it first (wgcni client remove ${name}) to give it a new key, or take another name`,
  });
}

function refuseForeignKey({ keys, claims }: ClusterState, name: string, publicKey: string): void {
  const key = keys.keyClaim(publicKey);
  const claimant = claims.get(key)?.record.nodeId;
  if (claimant !== undefined && claimant !== claimantOf(name))
    throw new CatalogueError('key.claimed', `the public key ${publicKey} is claimed by ${claimant}`, {
      field: 'publicKey',
      remedy: 'make a key pair of its own for each client',
    });
  const why = claims.quarantined.get(key);
  if (why !== undefined) throw unreadableClaim(name, `the public key ${publicKey}`, { key, why });
}

/** What is not understood is not written over, and nobody can say whose it is. */
function unreadableClaim(name: string, what: string, { key, why }: { key: string; why: string }): CatalogueError {
  return new CatalogueError('record.unreadable', `the claim of ${what}, ${key}, cannot be read: ${why}`, {
    remedy: `update the cluster-managers if a newer one wrote it, or remove the client and add it again: wgcni client remove ${name}`,
  });
}

function unknownVia(via: string): CatalogueError {
  return new CatalogueError('node.unknown', `there is no node ${via} to dial in by`, {
    field: 'via',
    remedy: 'name one of GET /v1/nodes',
  });
}

/** With each node as a peer a block is carried by whoever has it; with one it is carried by that one, whatever it is. */
function refuseUncarried(state: ClusterState, { via, allowedIps }: Pick<ClientRecord, 'via' | 'allowedIps'>): void {
  if (via !== null || allowedIps === null) return;
  const there = blocksOfMesh(state);
  const lost = allowedIps.find((text) => !there.some((block) => overlaps(block, parseCidr(text))));
  if (lost === undefined) return;
  throw new CatalogueError('request.invalid', `allowedIps ${lost} is of no pool and no approved route`, {
    field: 'allowedIps',
    remedy: 'name blocks of the pools or of routes that are approved, or one node by via, which then carries them all',
  });
}
