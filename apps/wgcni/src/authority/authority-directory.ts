/** The two files of an authority, and the pairs that are issued from it, on the operator's machine. */
import { CatalogueError, messageOf, privateDirectory } from '@wgcni/base';
import { readPrivateKey } from '@wgcni/pki';
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

/** The authority in a directory. Throws CatalogueError `config.invalid` that names the directory, or the key that others may read. */
export async function openAuthority(directory: string): Promise<{ authority: Authority; texts: AuthorityTexts }> {
  const cert = await readFile(join(directory, 'authority.pem'), 'utf8').catch((cause: unknown) => {
    throw noAuthority(directory, cause);
  });
  const texts = { cert, key: await readPrivateKey(join(directory, 'authority.key'), '--dir') };
  const authority = await Authority.open(texts).catch((cause: unknown) => {
    throw noAuthority(directory, cause);
  });
  return { authority, texts };
}

function noAuthority(directory: string, cause: unknown): CatalogueError {
  return new CatalogueError('config.invalid', `there is no authority in ${directory}: ${messageOf(cause)}`, {
    field: '--dir',
    remedy: 'name the directory that `wgcni authority create` made',
    cause,
  });
}
