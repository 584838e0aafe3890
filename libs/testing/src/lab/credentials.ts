/** Where the certificates of a lab stand: of its processes, of whoever looks at etcd, and of the operator; and what names them. */
import { join } from 'node:path';
import type { CredentialPaths } from '@wgcni/pki';
import { credentialPathsIn } from '../pki/read-credentials.ts';
import type { LabPlan } from './plan.ts';

/** Whoever looks at etcd beside the processes of the lab. */
export const etcdctlName = 'etcdctl';
/** Who asks the cluster-managers: a person who may do everything. */
export const operatorName = 'operator';

/** The directory with `cert.pem`, `key.pem` and `ca.pem` of a process, by its name. */
export function credentialsOf({ dir }: Pick<LabPlan, 'dir'>, name: string): string {
  return join(dir, 'pki', name);
}

/** The files from which cluster-managers issue certificates. */
export function authorityPaths({ dir }: Pick<LabPlan, 'dir'>): {
  cert: string;
  key: string;
  /** Those whose certificates are taken. */
  trusted: string;
} {
  const path = (file: string): string => join(dir, 'pki', 'authority', file);
  return { cert: path('authority.pem'), key: path('authority.key'), trusted: path('trusted.pem') };
}

/** The file with the token by which a node joins. */
export function tokenFile(plan: Pick<LabPlan, 'dir'>, nodeId: string): string {
  return join(plan.dir, 'pki', `${nodeId}.token`);
}

/** Of a cluster-manager that issues certificates, to itself too. */
export function authorityFlags(plan: LabPlan): string[] {
  const { cert, key, trusted } = authorityPaths(plan);
  return ['--authority-cert', cert, '--authority-key', key, '--authority-ca', trusted];
}

/** Of either daemon: a certificate for etcd alone. */
export function etcdFlags(plan: LabPlan, name: string): string[] {
  return flags(plan, name, ['--etcd-cert', '--etcd-key', '--etcd-ca']);
}

/** Of a cluster-manager, a node-manager or `wgcni`: its own certificate, which etcd is shown too. */
export function processFlags(plan: LabPlan, name: string): string[] {
  return flags(plan, name, ['--tls-cert', '--tls-key', '--tls-ca']);
}

/** Common name of the members: etcd takes nobody else for one, though nodes have certificates of the same authority. */
export const memberName = 'etcd';

/** Of an etcd member: towards its clients and towards the other members, each of whom shows a certificate. */
export function memberFlags(plan: LabPlan, name: string): string[] {
  const files = ['--cert-file', '--key-file', '--trusted-ca-file'];
  const peerFiles = ['--peer-cert-file', '--peer-key-file', '--peer-trusted-ca-file'];
  return [
    ...flags(plan, name, [...files, ...peerFiles]),
    ...['--client-cert-auth', '--peer-client-cert-auth', '--peer-cert-allowed-cn', memberName],
  ];
}

export function etcdctlFlags(plan: LabPlan): string[] {
  return flags(plan, etcdctlName, ['--cert', '--key', '--cacert']);
}

/** The same as files, for variables. */
export function etcdctlFiles(plan: LabPlan): CredentialPaths {
  return credentialPathsIn(credentialsOf(plan, etcdctlName));
}

/** The file that says to a shell who the operator is, for `wgcni` and for curl. */
export function operatorFile({ dir }: Pick<LabPlan, 'dir'>): string {
  return join(dir, 'operator.env');
}

/** What stands in it. */
export function operatorVariables(plan: LabPlan): string {
  const { cert, key, ca } = credentialPathsIn(credentialsOf(plan, operatorName));
  return `export WGCNI_TLS_CERT=${cert} WGCNI_TLS_KEY=${key} WGCNI_TLS_CA=${ca}\n`;
}

/** Each flag with its file: certificate, key, authorities, and again. */
function flags(plan: LabPlan, name: string, names: readonly string[]): string[] {
  const { cert, key, ca } = credentialPathsIn(credentialsOf(plan, name));
  return names.flatMap((flag, index) => [flag, [cert, key, ca][index % 3] ?? '']);
}
