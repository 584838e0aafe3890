/** Nobody but us may read or change what we keep (design §4.8): a wider mode or another owner is refused, with the way to put it right. */
import { CatalogueError } from '@wgcni/base';
import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The directory of a data directory that holds private keys. */
const keyDirectoryName = 'keys';

/** Everything of the group's and the world's. */
const sharedBits = 0o077;

/** How many files are looked at side by side. */
const width = 64;

/**
 * Looks at a directory of ours and all that is in it, however deep; one that is not there is fine. Throws CatalogueError
 * `config.invalid` that names the first path that others could read or change, its mode, and what to do; `field` is the flag it was
 * said with.
 */
export async function refuseSharedTree(directory: string, field: string): Promise<void> {
  const found = await lookAt(directory);
  if (found === undefined) return;
  refuseShared(directory, found, field);
  if (!found.isDirectory()) return;
  const entries = await readdir(directory, { withFileTypes: true });
  for (let from = 0; from < entries.length; from += width) {
    await Promise.all(entries.slice(from, from + width).map((entry) => refuseSharedEntry(directory, entry, field)));
  }
}

/** The same of one file or directory alone, which was looked at. */
export function refuseShared(path: string, found: Stats, field: string): void {
  const own = process.getuid?.() ?? found.uid;
  const isOurs = found.uid === own;
  if (isOurs && (found.mode & sharedBits) === 0) return;
  const [kind, widest] = found.isDirectory() ? ['directory', '700'] : ['file', '600'];
  const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
  const what = isOurs
    ? `has mode ${mode}, wider than 0${widest}`
    : `has mode ${mode} and belongs to user id ${found.uid}, not to ${own}`;
  const mend = `${isOurs ? '' : `chown ${own} ${path} && `}chmod ${widest} ${path}`;
  const renewal = basename(dirname(path)) === keyDirectoryName ? 'remove it for a new key, or ' : '';
  throw new CatalogueError('config.invalid', `the ${kind} ${path} ${what}: others may have read or changed it`, {
    field,
    remedy: `${renewal}run "${mend}" when nobody did`,
  });
}

/** A link is judged by what it leads to, but not followed any further. */
async function refuseSharedEntry(directory: string, entry: Dirent, field: string): Promise<void> {
  const path = join(directory, entry.name);
  if (entry.isDirectory()) return refuseSharedTree(path, field);
  const found = await lookAt(path);
  if (found !== undefined) refuseShared(path, found, field);
}

/** What stands there; undefined when it went meanwhile: a plugin takes its entry out of the queue. */
async function lookAt(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
