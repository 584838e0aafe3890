/** Custody of a private key in a file: mode 0600, made exclusively, refused when others could read it. */
import { CatalogueError, privateDirectory, removeFile, Secret, syncDirectory } from '@wgcni/base';
import { isKeyText } from '@wgcni/wg';
import { randomUUID } from 'node:crypto';
import { link, open } from 'node:fs/promises';
import { dirname } from 'node:path';

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
    refuseWideMode(path, (await file.stat()).mode & 0o777);
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

function refuseWideMode(path: string, mode: number): void {
  if ((mode & 0o077) === 0) return;
  throw new CatalogueError('config.invalid', `the key file ${path} has mode ${mode.toString(8).padStart(4, '0')}`, {
    field: path,
    remedy: `others may have read it: remove it for a new key, or run "chmod 600 ${path}" when nobody did`,
  });
}
