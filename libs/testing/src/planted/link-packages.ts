/** The packages of one tree for another: everybody else's by link, our own as those of the other tree. */
import { mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** The scope of our own packages: relative links into the tree, so that those of the copy lead into the copy. */
const ownScope = '@wgcni';

/** Makes `copy/node_modules`, which must not be there, of `root/node_modules`. */
export async function linkPackages(root: string, copy: string): Promise<void> {
  const [packages, target] = [join(root, 'node_modules'), join(copy, 'node_modules')];
  await mkdir(join(target, ownScope), { recursive: true });
  for (const name of await readdir(packages)) {
    // Hidden ones are caches that a run writes to; those must not meet the caches of the original.
    if (name === ownScope || (name.startsWith('.') && name !== '.bin')) continue;
    await symlink(join(packages, name), join(target, name));
  }
  for (const name of await readdir(join(packages, ownScope)))
    await symlink(await readlink(join(packages, ownScope, name)), join(target, ownScope, name));
}
