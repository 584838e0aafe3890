/** Registering a node: one transaction for its grants, its key, its record and its registration (design §4.1). */
import type { Grant, RegisterInput, Registration } from '@wgcni/api';
import { CatalogueError, randomId } from '@wgcni/base';
import { formatCidr, parseCidr } from '@wgcni/ipam';
import { encodeRecord, writtenSchema, type Compare, type LeaseId, type NodeRecord, type Write } from '@wgcni/store';
import { refuseUnadmitted } from '../authorization/admission.ts';
import { showNetwork } from '../network/show-network.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import { admit, isUnderlayTooSmall } from './admit.ts';
import { forgottenIds, type Granted, grantsFor } from './grants.ts';
import type { LeaderWriter } from './leader-writer.ts';
import type { Recovery } from './recovery.ts';
import { buryLost, unbury } from './tombstone.ts';

/** Idempotent: the same input again gives the same grants. Throws what `admit` and `grantsFor` throw. */
export async function register(
  { writer, recovery }: Pick<Registering, 'writer' | 'recovery'>,
  nodeId: string,
  input: RegisterInput,
  caller?: RegisteringCaller,
): Promise<Registration> {
  const { state, log } = writer.deps;
  const { record, ttlSec, lost, shortage } = await heardAndGranted({ writer, recovery, nodeId, input, caller });
  refuseOvertaken(state, record);
  log.info({ nodeId, instance: input.instance, subnets: record.subnets }, 'node.registered');
  if (lost.length > 0) log.warn({ nodeId, lost }, 'node.lost-grants');
  const { mtu } = state.theNetwork().record;
  if (isUnderlayTooSmall(input, mtu))
    log.warn({ nodeId, underlayMtu: input.underlayMtu, mtu }, 'node.underlay-too-small');
  if (shortage !== undefined) log.warn({ nodeId, shortage }, 'node.lacks-family');
  return {
    nodeId,
    network: showNetwork(state.theNetwork()),
    subnets: record.subnets,
    ttlSec,
    draining: record.draining,
    revision: state.revision,
  };
}

/** Who has shown a certificate of the node. */
export interface RegisteringCaller {
  /** SHA-256 of its key. */
  keyDigest: string | undefined;
}

interface Registering {
  writer: LeaderWriter;
  recovery: Recovery;
  nodeId: string;
  input: RegisterInput;
  /** Absent without TLS, where everybody is anonymous. */
  caller: RegisteringCaller | undefined;
}

type Registered = Granted & { record: NodeRecord; ttlSec: number };

/** How often a node is heard again because our view went back while it was granted something. */
const mostHearings = 4;

async function heardAndGranted(registering: Registering): Promise<Registered> {
  for (let hearings = 0; hearings < mostHearings; hearings += 1) {
    await hear(registering);
    const granted = await grant(registering);
    if (granted !== 'unheard') return granted;
  }
  throw new CatalogueError('store.conflict', 'the store kept losing history while this was planned', {
    remedy: 'try again',
  });
}

function hear({ writer, recovery, nodeId, input, caller }: Registering): Promise<void> {
  const { state } = writer.deps;
  return writer.change(() => {
    refuseBarred(state, nodeId, caller);
    admit(state, nodeId, input);
    const forgotten = forgottenIds(state, { nodeId, held: input.held });
    return recovery.hear({ forgotten, meshRevision: input.meshRevision ?? 0 });
  });
}

function grant({ writer, recovery, nodeId, input, caller }: Registering): Promise<Registered | 'unheard'> {
  const { state, random } = writer.deps;
  const claim = { nodeId, held: input.held };
  return writer.change<Registered | 'unheard'>(async () => {
    admit(state, nodeId, input);
    const ttlSec = state.theNetwork().record.registrationTtlSec;
    const lease = await leaseFor(writer, nodeId, input, ttlSec);
    refuseBarred(state, nodeId, caller);
    // FENCE: nothing is awaited from here to the compares: a subnet that was granted elsewhere meanwhile would be compared as it is now, and overwritten.
    admit(state, nodeId, input);
    const forgotten = forgottenIds(state, claim);
    if (recovery.mustHear(forgotten)) return { result: 'unheard' };
    const isRecovering = recovery.isRecovering();
    const granted = grantsFor(state, claim, { isRecovering, newGrantId: () => randomId(random) });
    const record = nodeRecord(state, nodeId, input, granted.grants);
    const { compare, then } = registration(state, { input, record, lease, isRecovering });
    const parts = { then, leases: { granted: [], left: [] } };
    const lost = granted.lost.filter(({ grantId }) => forgotten.includes(grantId));
    await unbury(writer, parts, record);
    await buryLost(writer, parts, record, lost);
    return { transaction: { compare, then }, leases: parts.leases, result: { ...granted, record, ttlSec } };
  });
}

/**
 * The answer names the revision of our view, and a node holds on to its grants against everything older. FENCE: when our view took long to follow, the
 * next leader may have taken back what we granted; then this is no answer.
 */
function refuseOvertaken(state: ClusterState, { nodeId, subnets }: NodeRecord): void {
  const shown = state.nodeOf(nodeId)?.record.subnets ?? [];
  if (JSON.stringify(shown) === JSON.stringify(subnets)) return;
  throw new CatalogueError('store.conflict', `the grants of ${nodeId} have changed since they were made`, {
    remedy: 'try again',
  });
}

/** What the cluster has decided of the node since its certificate was looked at: a body may come long after its head. */
function refuseBarred(state: ClusterState, nodeId: string, caller: RegisteringCaller | undefined): void {
  if (caller !== undefined) refuseUnadmitted(state.admissionOf(nodeId)?.record, caller.keyDigest);
}

/** The lease of the living registration of this instance, or a new one. */
async function leaseFor(
  { deps: { state, store } }: LeaderWriter,
  nodeId: string,
  input: RegisterInput,
  ttlSec: number,
): Promise<LeaseId> {
  const existing = state.registrationOf(nodeId)?.record;
  if (existing !== undefined && existing.instance === input.instance) {
    const isAlive = await store.keepAlive(existing.leaseId).then(
      () => true,
      () => false,
    );
    if (isAlive) return existing.leaseId;
  }
  return store.grantLease(ttlSec);
}

function nodeRecord(state: ClusterState, nodeId: string, input: RegisterInput, grants: readonly Grant[]): NodeRecord {
  const before = state.nodeOf(nodeId)?.record;
  const offers = [...new Set((input.offers ?? []).map((text) => formatCidr(parseCidr(text, 'offers'))))];
  return {
    schema: writtenSchema,
    nodeId,
    publicKey: input.publicKey,
    endpoints: input.endpoints,
    subnets: grants.map(({ cidr, grantId }) => ({ cidr, grantId })),
    draining: before?.draining ?? false,
    // What an operator approved outlives the registration; a node that never offered anything has neither.
    ...(offers.length === 0 && before?.offers === undefined ? {} : { offers }),
    ...(before?.routes === undefined ? {} : { routes: before.routes }),
  };
}

function registration(
  state: ClusterState,
  {
    input,
    record,
    lease,
    isRecovering,
  }: { input: RegisterInput; record: NodeRecord; lease: LeaseId; isRecovering: boolean },
) {
  const { keys } = state;
  const { nodeId } = record;
  const node = state.nodeOf(nodeId);
  const registered = state.registrationOf(nodeId);
  const compare: Compare[] = [
    // FENCE: nothing that this plan rests on has changed; an absent key has revision 0.
    { key: keys.node(nodeId), target: 'mod', equals: node?.item.modRevision ?? 0 },
    { key: keys.registration(nodeId), target: 'mod', equals: registered?.item.modRevision ?? 0 },
    { key: keys.network, target: 'mod', equals: state.network.modRevision(keys.network) },
    // FENCE: a node that is deleted, or joins with another key, between the first look at its certificate and this, stays so.
    { key: keys.admission(nodeId), target: 'mod', equals: state.admissions.modRevision(keys.admission(nodeId)) },
  ];
  const value = {
    schema: writtenSchema,
    nodeId,
    instance: input.instance,
    version: input.version,
    readableSchema: input.readableSchema,
    leaseId: lease,
    underlayMtu: input.underlayMtu,
  };
  const writes: Write[] = [
    { kind: 'put', key: keys.registration(nodeId), value: encodeRecord(value, registered?.item), lease },
  ];
  const text = encodeRecord(record, node?.item);
  // A node that comes back as it was makes no watch traffic; but nodes that saw the store go back doubt a record until it is written again (design §4.15).
  if (text !== node?.item.value || isRecovering) writes.push({ kind: 'put', key: keys.node(nodeId), value: text });
  for (const grant of record.subnets) addSubnet(state, nodeId, grant, { compare, writes });
  addKeyClaim(state, record, node?.record.publicKey, { compare, writes });
  return { compare, then: writes };
}

interface Parts {
  compare: Compare[];
  writes: Write[];
}

/** Registering makes a subnet held, and clears the silence that was measured. */
function addSubnet(state: ClusterState, nodeId: string, { cidr, grantId }: Grant, { compare, writes }: Parts): void {
  const key = state.subnetKey(cidr);
  if (key === undefined) return;
  const kept = state.subnets.get(key);
  compare.push({ key, target: 'mod', equals: kept?.item.modRevision ?? 0 });
  const isAsItWas =
    kept !== undefined && kept.record.state === 'held' && kept.record.silentMs === 0 && kept.record.grantId === grantId;
  if (isAsItWas) return;
  const value = encodeRecord({ schema: writtenSchema, cidr, nodeId, grantId, state: 'held', silentMs: 0 }, kept?.item);
  writes.push({ kind: 'put', key, value });
}

/** The claim of the present key, and the end of the claim of the one before. */
function addKeyClaim(
  state: ClusterState,
  { nodeId, publicKey }: NodeRecord,
  before: string | undefined,
  { compare, writes }: Parts,
): void {
  const { keys, claims } = state;
  const key = keys.keyClaim(publicKey);
  const claim = claims.get(key);
  compare.push({ key, target: 'mod', equals: claim?.item.modRevision ?? 0 });
  if (claim === undefined) writes.push({ kind: 'put', key, value: encodeRecord({ schema: writtenSchema, nodeId }) });
  if (before !== undefined && before !== publicKey) writes.push({ kind: 'delete', key: keys.keyClaim(before) });
}
