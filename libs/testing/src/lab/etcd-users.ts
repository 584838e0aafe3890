/** The users and roles of a lab's etcd: set up by the command line, as an operator does it. */
import { execa } from 'execa';
import { credentialsOf, etcdctlName } from './credentials.ts';
import { credentialPathsIn } from '../pki/read-credentials.ts';
import type { LabPlan } from './plan.ts';

/** Throws with what `wgcni` says when it fails. */
export async function setUpEtcdUsers(wgcni: string, plan: LabPlan): Promise<void> {
  const { cert, key, ca } = credentialPathsIn(credentialsOf(plan, etcdctlName));
  const urls = plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
  const target = ['--etcd', urls, '--cluster', plan.cluster];
  const files = ['--etcd-cert', cert, '--etcd-key', key, '--etcd-ca', ca];
  await execa(process.execPath, [wgcni, 'etcd', 'setup', ...target, ...files]);
}
