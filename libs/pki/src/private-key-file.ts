/** Reads a private key from its file, if nobody but us may use it. */
import { CatalogueError, messageOf, Secret } from '@wgcni/base';
import { open } from 'node:fs/promises';
import { isHandedOver, isOpenToOthers } from './key-custody.ts';

/**
 * Of the file that is read, not of its name: it may be replaced between two looks. Throws CatalogueError `config.invalid` with `field`, the flag that
 * named it, for a file that cannot be read and for one that others may read.
 */
export async function readPrivateKey(path: string, field: string): Promise<Secret> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new CatalogueError('config.invalid', `${field} ${path} cannot be read: ${messageOf(cause)}`, {
      field,
      remedy: 'name a file that this process may read',
    });
  });
  try {
    const found = await file.stat();
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    if (isOpenToOthers(found, isHandedOver(path, process.env['CREDENTIALS_DIRECTORY'])))
      throw new CatalogueError('config.invalid', `${field} ${path} has mode ${mode}: others may use it`, {
        field,
        remedy: `chmod 600 ${path}`,
      });
    return new Secret(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}
