/** Everything by which a node or a subnet leaves: drain, release, delete, forget, reclaim; each writes its tombstone in the same transaction. */
import type { Node, ReleaseInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import {
  type AdmissionRecord,
  encodeRecord,
  writtenSchema,
  type Compare,
  type GoneRecord,
  type NodeRecord,
  type SubnetRecord,
  type Write,
} from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';
import { otherInstance } from './admit.ts';
import type { LeaderWriter, Try } from './leader-writer.ts';
import { showNode } from './show-node.ts';
import { bury, type WithTombstones } from './tombstone.ts';

interface Parts extends WithTombstones {
  compare: Compare[];
}

/** Sets or clears the mark that a node takes no new attachments. */
export function setDraining(writer: LeaderWriter, nodeId: string, draining: boolean): Promise<Node> {
  const { state } = writer.deps;
  return writer
    .change<void>(async () => {
      const node = theNode(state, nodeId);
      if (node.record.draining === draining) return { result: undefined };
      const value = encodeRecord({ ...node.record, draining }, node.item);
      return {
        transaction: { compare: [unchanged(node)], then: [{ kind: 'put', key: node.item.key, value }] },
        result: undefined,
      };
    })
    .then(() => showNode(state, theNode(state, nodeId).record));
}

/** The node tells that nothing of these grants is in use: they rest, and are then granted again. Grants it no longer holds are fine. */
export function release(writer: LeaderWriter, nodeId: string, input: ReleaseInput): Promise<void> {
  const { state } = writer.deps;
  return writer.change<void>(async () => {
    const registration = state.registrationOf(nodeId)?.record;
    if (registration !== undefined && registration.instance !== input.instance) throw otherInstance(nodeId);
    const node = state.nodeOf(nodeId);
    const named = new Set(input.grantIds);
    const subnets = state
      .subnetsOf(nodeId)
      .filter(({ record }) => named.has(record.grantId) && record.state !== 'released');
    if (subnets.length === 0) return { result: undefined };
    if (node !== undefined && !node.record.draining) {
      throw new CatalogueError('node.in-use', `${nodeId} is not draining`, {
        field: 'nodeId',
        remedy: 'drain it first (PUT /v1/nodes/{nodeId}/drain)',
      });
    }
    const parts = { ...noParts(), compare: node === undefined ? [] : [unchanged(node)] };
    if (node !== undefined) {
      const kept = node.record.subnets.filter(({ grantId }) => !named.has(grantId));
      parts.then.push({
        kind: 'put',
        key: node.item.key,
        value: encodeRecord({ ...node.record, subnets: kept }, node.item),
      });
    }
    for (const subnet of subnets) {
      putToRest(parts, subnet);
      const { grantId } = subnet.record;
      await bury(writer, parts, {
        kind: 'subnet',
        id: grantId,
        why: 'released',
        node: node?.record,
        subnets: [subnet.record],
      });
    }
    return asTry(parts);
  });
}

/** Takes a node out of the mesh; its subnets stay reserved until it confirms that nothing uses them, or the hold-down ends. */
export function deleteNode(writer: LeaderWriter, nodeId: string, force: boolean): Promise<void> {
  const { state, store, log } = writer.deps;
  return writer.change<void>(async () => {
    const node = state.nodeOf(nodeId);
    const registered = state.registrationOf(nodeId);
    if (node === undefined) {
      const standing = state.admissionOf(nodeId)?.record.state;
      if (standing === 'deleted') return { result: undefined };
      // One that was forgotten, reclaimed or let in again has a certificate all the same.
      if (standing === 'joined' || state.gone.get(state.keys.goneEntry('node', nodeId)) !== undefined)
        return asTry(denial(state, nodeId, noParts()));
      throw unknownNode(nodeId);
    }
    if (registered !== undefined && !force)
      throw stillRegistered(
        nodeId,
        'drain and stop it first (it counts as alive for one registration TTL more), or delete it with force',
      );
    const parts = denial(state, nodeId, await removal(writer, node, 'deleted'));
    for (const subnet of heldBy(state, node.record)) {
      parts.compare.push(unchanged(subnet));
      parts.then.push({
        kind: 'put',
        key: subnet.item.key,
        value: encodeRecord({ ...subnet.record, state: 'reserved' }, subnet.item),
      });
    }
    // The lease goes too, so that a registration in flight cannot bring the node back by it.
    if (registered !== undefined)
      void store
        .revokeLease(registered.record.leaseId)
        .catch((cause: unknown) => log.warn({ nodeId, cause }, 'lease.not-revoked'));
    return asTry(parts);
  });
}

/** Takes the mark of deletion away: certificates of the node are taken again, of the key by which it was known last if there was one. */
export function admitNode(writer: LeaderWriter, nodeId: string): Promise<void> {
  const { state } = writer.deps;
  return writer.change<void>(async () => {
    const admission = state.admissionOf(nodeId);
    if (admission?.record.state !== 'deleted') return { result: undefined };
    const { record, item } = admission;
    const write: Write =
      record.keyDigest === null
        ? { kind: 'delete', key: item.key }
        : { kind: 'put', key: item.key, value: encodeRecord({ ...record, state: 'joined' }, item) };
    return { transaction: { compare: [unchanged(admission)], then: [write] }, result: undefined };
  });
}

/** Takes a silent node out at once, by an operator's word. Throws CatalogueError `node.registered` for one that lives. */
export function forgetNode(writer: LeaderWriter, nodeId: string): Promise<void> {
  const { state } = writer.deps;
  return writer.change<void>(async () => {
    const node = state.nodeOf(nodeId);
    if (node === undefined) {
      const reserved = state.subnetsOf(nodeId).filter(({ record }) => record.state === 'reserved');
      if (reserved.length > 0) return freeReserved(writer, nodeId, reserved, 'forgotten');
      if (state.gone.get(state.keys.goneEntry('node', nodeId)) !== undefined) return { result: undefined };
      throw unknownNode(nodeId);
    }
    if (state.registrationOf(nodeId) !== undefined)
      throw stillRegistered(nodeId, 'only a silent node can be forgotten');
    return freeNode(writer, node, 'forgotten');
  });
}

/** The transaction that ends a silent node and puts its subnets to rest: forgotten, or reclaimed after the hold-down. */
export async function freeNode(
  writer: LeaderWriter,
  node: Kept<NodeRecord>,
  why: 'forgotten' | 'reclaimed',
): Promise<Try<void>> {
  const parts = await removal(writer, node, why);
  for (const subnet of heldBy(writer.deps.state, node.record)) putToRest(parts, subnet);
  return asTry(parts);
}

/** The transaction that puts the subnets of a deleted node to rest. */
export async function freeReserved(
  writer: LeaderWriter,
  nodeId: string,
  subnets: readonly Kept<SubnetRecord>[],
  why: 'forgotten' | 'reclaimed',
): Promise<Try<void>> {
  const parts = noParts();
  parts.compare.push({ key: writer.deps.state.keys.registration(nodeId), target: 'create', equals: 0 });
  for (const subnet of subnets) {
    putToRest(parts, subnet);
    const { grantId } = subnet.record;
    await bury(writer, parts, { kind: 'subnet', id: grantId, why, node: undefined, subnets: [subnet.record] });
  }
  return asTry(parts);
}

/** From the instant of this transaction on no certificate of the node is taken (decision 0007). */
function denial(state: ClusterState, nodeId: string, parts: Parts): Parts {
  const key = state.keys.admission(nodeId);
  const kept = state.admissions.get(key);
  // By this key alone it may still say that it has let go of its subnets, and come back when an operator admits it.
  const keyDigest = kept?.record.keyDigest ?? null;
  const record: AdmissionRecord = { schema: writtenSchema, nodeId, state: 'deleted', keyDigest };
  parts.compare.push({ key, target: 'mod', equals: kept?.item.modRevision ?? 0 });
  parts.then.push({ kind: 'put', key, value: encodeRecord(record, kept?.item) });
  return parts;
}

/** What every removal of a node has in common: record, registration, key claim and published containers go, a tombstone comes. */
async function removal(writer: LeaderWriter, node: Kept<NodeRecord>, why: GoneRecord['why']): Promise<Parts> {
  const { state } = writer.deps;
  const { keys } = state;
  const { nodeId, publicKey } = node.record;
  const registered = state.registrationOf(nodeId);
  const claim = state.claims.get(keys.keyClaim(publicKey));
  const parts = noParts();
  const { compare, then } = parts;
  compare.push(
    unchanged(node),
    // FENCE: a node that registers meanwhile is not silent, and not the one that was deleted.
    { key: keys.registration(nodeId), target: 'mod', equals: registered?.item.modRevision ?? 0 },
  );
  then.push({ kind: 'delete', key: node.item.key }, { kind: 'delete', key: keys.containersOf(nodeId) });
  if (registered !== undefined) then.push({ kind: 'delete', key: registered.item.key });
  if (claim?.record.nodeId === nodeId) {
    compare.push(unchanged(claim));
    then.push({ kind: 'delete', key: claim.item.key });
  }
  await bury(writer, parts, { kind: 'node', id: nodeId, why, node: node.record, subnets: node.record.subnets });
  return parts;
}

function noParts(): Parts {
  return { compare: [], then: [], leases: { granted: [], left: [] } };
}

function asTry({ leases, ...transaction }: Parts): Try<void> {
  return { transaction, leases, result: undefined };
}

function putToRest({ compare, then }: Parts, subnet: Kept<SubnetRecord>): void {
  compare.push(unchanged(subnet));
  then.push({
    kind: 'put',
    key: subnet.item.key,
    value: encodeRecord({ ...subnet.record, state: 'released', silentMs: 0 }, subnet.item),
  });
}

function heldBy(state: ClusterState, node: NodeRecord): Kept<SubnetRecord>[] {
  return state.subnetsOf(node.nodeId).filter(({ record }) => record.state === 'held');
}

function unchanged({ item }: { item: { key: string; modRevision: number } }): Compare {
  return { key: item.key, target: 'mod', equals: item.modRevision };
}

function theNode(state: ClusterState, nodeId: string): Kept<NodeRecord> {
  const node = state.nodeOf(nodeId);
  if (node === undefined) throw unknownNode(nodeId);
  return node;
}

/** No node of that name. */
export function unknownNode(nodeId: string): CatalogueError {
  return new CatalogueError('node.unknown', `there is no node ${nodeId}`, {
    field: 'nodeId',
    remedy: 'see GET /v1/nodes for those that are',
  });
}

function stillRegistered(nodeId: string, remedy: string): CatalogueError {
  return new CatalogueError('node.registered', `${nodeId} is registered and alive`, { field: 'nodeId', remedy });
}
