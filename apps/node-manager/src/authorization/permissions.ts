/** PURE: the one table of who may do what over TCP: each operation of the REST surface, by the least role of a person. */
import { type Identity, operatorRoles, type OperatorRole } from '@wgcni/pki';

/**
 * By operation id. An operation that is not here is refused to everyone. Nodes and managers may do nothing: no node asks another one, and
 * what the cluster wants of a node stands in the store.
 */
export const permissions: Readonly<Record<string, OperatorRole>> = {
  listAttachments: 'read',
  getAttachment: 'read',
  // The CNI's verbs: they name any path of the host to work on, as root.
  attach: 'admin',
  detach: 'admin',
  answered: 'admin',
  checkAttachment: 'admin',
  collectAttachments: 'admin',
  allocateAddress: 'operate',
  releaseAddress: 'operate',
  claimKey: 'operate',
  joinPeers: 'read',
  listAddresses: 'read',
  getStatus: 'read',
  listEvents: 'read',
  getHealth: 'read',
  getReadiness: 'read',
  /** The document of all operations, which is none itself. */
  '/openapi.json': 'read',
};

/** Whether a caller may do an operation. */
export function mayDo(caller: Identity, operation: string): boolean {
  const least = Object.hasOwn(permissions, operation) ? permissions[operation] : undefined;
  if (least === undefined || caller.kind !== 'operator') return false;
  return operatorRoles.indexOf(caller.role) >= operatorRoles.indexOf(least);
}
