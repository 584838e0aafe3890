/** Where the certificates of a lab's processes stand, and the flags that name them; none in a lab without TLS. */
import { join } from 'node:path';
import type { LabPlan } from './plan.ts';

/** Whoever looks at etcd beside the processes of the lab. */
const etcdctlName = 'etcdctl';

/** The directory with `cert.pem`, `key.pem` and `ca.pem` of a process, by its name; who prepares a secure lab fills them before it comes up. */
export function credentialsOf({ dir }: LabPlan, name: string): string {
  return join(dir, 'pki', name);
}

/** Who needs certificates in this lab. */
export function credentialNames({ etcd, managers, nodes }: LabPlan): string[] {
  return [...etcd.map(({ name }) => name), ...[...managers, ...nodes].map(({ id }) => id), etcdctlName];
}

/** Of a cluster-manager or a node-manager: its own certificate, for REST and for etcd. */
export function processFlags(plan: LabPlan, name: string): string[] {
  return flags(plan, name, ['--tls-cert', '--tls-key', '--tls-ca', '--etcd-cert', '--etcd-key', '--etcd-ca']);
}

/** Of an etcd member: towards its clients and towards the other members, each of whom shows a certificate. */
export function memberFlags(plan: LabPlan, name: string): string[] {
  if (!plan.isSecure) return [];
  const files = ['--cert-file', '--key-file', '--trusted-ca-file'];
  const peerFiles = ['--peer-cert-file', '--peer-key-file', '--peer-trusted-ca-file'];
  return [...flags(plan, name, [...files, ...peerFiles]), '--client-cert-auth', '--peer-client-cert-auth'];
}

export function etcdctlFlags(plan: LabPlan): string[] {
  return flags(plan, etcdctlName, ['--cert', '--key', '--cacert']);
}

/** Each flag with its file: certificate, key, authorities, and again. */
function flags(plan: LabPlan, name: string, names: readonly string[]): string[] {
  if (!plan.isSecure) return [];
  const files = ['cert.pem', 'key.pem', 'ca.pem'];
  return names.flatMap((flag, index) => [flag, join(credentialsOf(plan, name), files[index % 3] ?? '')]);
}
