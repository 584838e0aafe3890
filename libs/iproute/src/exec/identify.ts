/** The identity of a network namespace behind a path: device and inode of its nsfs file. */
import { stat, statfs } from 'node:fs/promises';
import { messageOf } from '@wgcni/base';
import { netnsUnusable } from '../kernel/failures.ts';

/** NSFS_MAGIC (linux/magic.h). */
const nsfsMagic = 0x6e736673;

/** `device:inode`; two paths with the same are the same namespace while both exist. Throws CatalogueError `netns.unusable`. */
export async function identifyNetns(path: string): Promise<string> {
  if (!path.startsWith('/')) throw netnsUnusable(path, 'it is not an absolute path');
  try {
    const [file, system] = await Promise.all([stat(path), statfs(path)]);
    if (system.type === nsfsMagic) return `${file.dev}:${file.ino}`;
  } catch (error) {
    throw netnsUnusable(path, messageOf(error), error);
  }
  throw netnsUnusable(path, 'the file is not a namespace, so nothing is mounted there (any more)');
}
