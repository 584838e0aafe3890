/** Renewing a registration, at any replica: the keep-alive, *and then* one linearizable read of what it rests on (design §5). */
import type { Renewal, RenewInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import type { IssuingAuthority } from '@wgcni/pki/authority';
import { decodeRecord, LeaseGoneError, NodeRecord, RegistrationRecord, type Store, type StoredKey } from '@wgcni/store';
import type { Reports } from '../report/reports.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import { otherInstance } from './admit.ts';

export interface RenewDeps {
  store: Store;
  state: ClusterState;
  authority: IssuingAuthority | undefined;
  reports: Pick<Reports, 'placeOf'>;
}

/** Throws CatalogueError `registration.gone` (register again) or `node.registered` (another instance has taken the node over). */
export async function renew(
  { store, state, authority, reports }: RenewDeps,
  nodeId: string,
  input: RenewInput,
): Promise<Renewal> {
  const { keys } = state;
  const [registered, node] = await Promise.all([store.get(keys.registration(nodeId)), store.get(keys.node(nodeId))]);
  const registration = readRegistration(nodeId, registered.item);
  if (registration.instance !== input.instance) throw otherInstance(nodeId);
  const record = readNode(nodeId, node.item, input);
  const ttlSec = await store.keepAlive(registration.leaseId).catch((error: unknown) => {
    throw error instanceof LeaseGoneError ? gone(nodeId, 'its lease has ended') : error;
  });
  // FENCE: etcd acknowledges the keep-alive of a lease whose key is gone; this reads both keys in one linearizable step, afterwards.
  const outcome = await store.transact({
    compare: [
      { key: keys.registration(nodeId), target: 'mod', equals: registered.item?.modRevision ?? 0 },
      { key: keys.node(nodeId), target: 'mod', equals: node.item?.modRevision ?? 0 },
    ],
    then: [],
  });
  if (outcome.arm === 'unknown') throw outcome.cause;
  if (outcome.arm === 'conflict') throw gone(nodeId, 'its records changed meanwhile');
  const issuer = authority?.authority.digest ?? null;
  const report = reports.placeOf(nodeId);
  const told = { authority: issuer, hasReport: report !== undefined, ...(report === undefined ? {} : { report }) };
  return { ttlSec, draining: record.draining, revision: outcome.revision, ...told };
}

function readRegistration(nodeId: string, item: StoredKey | undefined): RegistrationRecord {
  if (item === undefined) throw gone(nodeId, 'it has no registration');
  const decoded = decodeRecord(RegistrationRecord, item);
  if (decoded.kind === 'quarantined') throw gone(nodeId, `its registration cannot be read: ${decoded.reason}`);
  return decoded.record;
}

function readNode(nodeId: string, item: StoredKey | undefined, input: RenewInput): NodeRecord {
  if (item === undefined) throw gone(nodeId, 'it has no record');
  const decoded = decodeRecord(NodeRecord, item);
  if (decoded.kind === 'quarantined') throw gone(nodeId, `its record cannot be read: ${decoded.reason}`);
  const granted = new Set(decoded.record.subnets.map(({ grantId }) => grantId));
  if (granted.size !== input.grantIds.length || !input.grantIds.every((id) => granted.has(id))) {
    throw gone(nodeId, 'its grants are not those it names');
  }
  return decoded.record;
}

function gone(nodeId: string, why: string): CatalogueError {
  return new CatalogueError('registration.gone', `the registration of ${nodeId} cannot be renewed: ${why}`, {
    remedy: 'register again (PUT /v1/nodes/{nodeId})',
  });
}
