/** PURE: whom a certificate is for, as the command line says it. */
import { CatalogueError } from '@wgcni/base';
import { formatIdentity, type Identity, operatorRoles, parseIdentity } from '@wgcni/pki';
import { type Subject, subjectOf } from '@wgcni/pki/authority';

const subjectKinds = ['manager', 'node', 'operator', 'etcd', 'etcd-root'] as const;

export interface SubjectFlags {
  cluster?: string | undefined;
  role: string;
  /** Host names and addresses, for those who are dialled. */
  host: readonly string[];
}

/** Throws CatalogueError `config.invalid` for what no certificate can say. */
export function subjectOfFlags(kind: string, name: string, { cluster, role, host }: SubjectFlags): Subject {
  // etcd takes the common name for its user, and `root` is who may administer it.
  if (kind === 'etcd-root') return { commonName: 'root', names: [], usage: 'client' };
  if (kind === 'etcd' || kind === 'manager') refuseNoHost(kind, host);
  if (kind === 'etcd') refuseMemberName(name);
  if (kind === 'etcd') return { commonName: name, names: host, usage: 'client and server' };
  if (cluster === undefined) throw refuse('--cluster', 'is missing', 'give the name of the cluster');
  return subjectOf(checked(identityOf(kind, name, cluster, role)), host);
}

function identityOf(kind: string, name: string, cluster: string, role: string): Identity {
  if (kind === 'manager') return { kind, cluster, replicaId: name };
  if (kind === 'node') return { kind, cluster, nodeId: name };
  if (kind !== 'operator') throw refuse(kind, 'is nobody', `use ${subjectKinds.join(', ')}`);
  const known = operatorRoles.find((each) => each === role);
  if (known === undefined) throw refuse('--role', `"${role}" is no role`, `use ${operatorRoles.join(', ')}`);
  return { kind, cluster, role: known, name };
}

/** What cannot be read back would be nobody's certificate. */
function checked(identity: Identity): Identity {
  if (parseIdentity(formatIdentity(identity)) !== undefined) return identity;
  throw refuse(
    formatIdentity(identity),
    'cannot be an identity',
    'use at most 63 letters, digits, ".", "_" and "-" for each name, the first a letter or digit',
  );
}

/** Whom etcd takes for a user of `wgcni etcd setup`, or for one that a setup makes for its own way back: a member, whose name it takes too, is none. */
const userName = /^(root$|(manager|node|operator|wgcni-setup)\.)/;
const memberName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

function refuseMemberName(name: string): void {
  const remedy = 'name it etcd, in a directory of its own (--out) for each member';
  if (!memberName.test(name)) throw refuse(`"${name}"`, 'cannot be the name of a member of etcd', remedy);
  if (!userName.test(name)) return;
  throw refuse(`"${name}"`, 'is a user of etcd: whoever has the key of such a member would be that user', remedy);
}

function refuseNoHost(kind: string, host: readonly string[]): void {
  if (host.length > 0) return;
  throw refuse('--host', `is missing, and ${kind} is dialled by it`, 'give each host name and address, repeated');
}

function refuse(field: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', `${field} ${message}`, { field, remedy });
}
