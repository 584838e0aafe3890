/** `wgcni etcd …`: the users and roles of etcd for one cluster. */
import { systemRandom } from '@wgcni/base';
import { readAccess, setUpAccess } from '@wgcni/store';
import type { Answer } from '../answer.ts';
import { etcdTarget, type EtcdFlags } from './etcd-target.ts';
import { showSetup, showStatus } from './show-access.ts';

// Node warns of a name in TLS that is an address, which etcd's client gives it; whoever runs this can do nothing about it.
process.noDeprecation = true;

/** Makes users and roles as they should be and switches auth on. */
export async function setup(flags: EtcdFlags): Promise<Answer> {
  const { options, users } = await etcdTarget(flags);
  return showSetup(await setUpAccess(options, users, systemRandom));
}

/** Looks whether a setup would change anything. */
export async function status(flags: EtcdFlags): Promise<Answer> {
  const { options, users } = await etcdTarget(flags);
  return showStatus(await readAccess(options, users));
}
