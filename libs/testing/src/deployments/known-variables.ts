/** The variables that the programs read, by their tables of flags: what a deployment may set. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const treeRoot = resolve(import.meta.dirname, '../../../..');
export const deployments = join(treeRoot, 'deploy');

/** `WGCNI_…` of every flag of a program. */
export async function knownVariables(program: 'cluster-manager' | 'node-manager'): Promise<Set<string>> {
  const table = await readFile(join(treeRoot, 'apps', program, 'src/flags.ts'), 'utf8');
  const own = [...table.matchAll(/\bname: '([a-z][a-z-]*)'/g)].map(([, name]) => name ?? '');
  const credentials = ['tls', 'etcd'].flatMap((use) => ['cert', 'key', 'ca'].map((part) => `${use}-${part}`));
  return new Set([...own, ...credentials].map((flag) => `WGCNI_${flag.toUpperCase().replaceAll('-', '_')}`));
}
