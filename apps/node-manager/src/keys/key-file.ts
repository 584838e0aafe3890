/** Custody of a private key in a file: mode 0600, made exclusively, refused when others could read it. */
import { CatalogueError, privateDirectory, removeFile, Secret, syncDirectory } from '@wgcni/base';
import { isKeyText } from '@wgcni/wg';
import { randomUUID } from 'node:crypto';
import { link, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refuseShared } from '../data-directory/custody.ts';

/**
 * The private key in `path`, or undefined when there is no such file.
 * Throws CatalogueError `config.invalid` when the file can be read by others or holds no key.
 */
export async function readKeyFile(path: string): Promise<Secret | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    refuseShared(path, await file.stat(), path);
    const text = (await file.readFile('utf8')).trim();
    if (isKeyText(text)) return new Secret(text);
  } finally {
    await file.close();
  }
  throw new CatalogueError('config.invalid', `the key file ${path} does not hold a WireGuard private key`, {
    field: path,
    remedy: 'restore it from a backup, or remove it: a live device keeps its key, otherwise a new one is made',
  });
}

/** Writes a new key file durably, mode 0600; throws EEXIST when the path exists, which is never overwritten. */
export async function createKeyFile(path: string, key: Secret): Promise<void> {
  await privateDirectory(dirname(path));
  const aside = `${path}.${randomUUID()}.new`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(`${key.reveal()}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(aside, path);
  } finally {
    await removeFile(aside);
  }
  await syncDirectory(dirname(path));
}
