/** The two files of an authority, and the pairs that are issued from it, on the operator's machine. */
import { CatalogueError, messageOf, privateDirectory, Secret } from '@wgcni/base';
import { Authority, type AuthorityTexts } from '@wgcni/pki/authority';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a new file, made exclusively; one that is there is never written over. Throws CatalogueError `config.invalid`. */
async function createFile(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode).catch((cause: NodeJS.ErrnoException) => {
    throw new CatalogueError('config.invalid', `${path} cannot be made: ${messageOf(cause)}`, {
      field: path,
      remedy:
        cause.code === 'EEXIST'
          ? 'choose another directory or name: nothing is written over'
          : 'choose another directory',
      cause,
    });
  });
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes `<name>.key` (0600), then `<name>.pem`, into a directory that is ours alone when it is new. Answers their paths. */
export async function writePair(
  directory: string,
  name: string,
  { cert, key }: AuthorityTexts,
): Promise<{ cert: string; key: string }> {
  await privateDirectory(directory);
  const paths = { cert: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) };
  await createFile(paths.key, key.reveal(), 0o600);
  await createFile(paths.cert, cert, 0o644);
  return paths;
}

/** Writes certificates that others are told to trust. */
export async function writeTrusted(directory: string, pem: string): Promise<string> {
  const path = join(directory, 'trusted.pem');
  await createFile(path, pem, 0o644);
  return path;
}

/** The authority in a directory. Throws CatalogueError `config.invalid` that names the directory. */
export async function openAuthority(directory: string): Promise<{ authority: Authority; texts: AuthorityTexts }> {
  try {
    const [cert, key] = await Promise.all([
      readFile(join(directory, 'authority.pem'), 'utf8'),
      readFile(join(directory, 'authority.key'), 'utf8'),
    ]);
    const texts = { cert, key: new Secret(key) };
    return { authority: await Authority.open(texts), texts };
  } catch (cause) {
    throw new CatalogueError('config.invalid', `there is no authority in ${directory}: ${messageOf(cause)}`, {
      field: '--dir',
      remedy: 'name the directory that `wgcni authority create` made',
      cause,
    });
  }
}
