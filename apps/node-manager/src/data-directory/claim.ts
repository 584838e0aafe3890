/** Makes the data directory this process's own before anything in it is read: locked, private, and without what a crash left half-written. */
import { CatalogueError, privateDirectory } from '@wgcni/base';
import { type DirectoryLock, lockDirectory } from '@wgcni/iproute';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseSharedTree } from './custody.ts';

/** Where files are replaced that no reader of records sweeps: documents, private keys, process records. */
const sweptDirectories = ['.', 'keys', 'processes', 'credentials'];

/** What a file is called until it takes its place (`replaceFile`, `createKeyFile`). */
const unfinished = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.new$/;

/** Throws CatalogueError `config.invalid` when another node-manager works with the directory, or others could read or change what is in it. */
export async function claimDataDirectory(dataDir: string, waitSec?: number): Promise<DirectoryLock> {
  await privateDirectory(dataDir);
  const before = await stat(dataDir);
  const lock = await lockDirectory(dataDir, waitSec);
  try {
    await refuseReplaced(dataDir, before.ino);
    await refuseSharedTree(dataDir, '--data-dir');
    // ORDER: only with the lock; what another process is writing at this moment is not left over.
    for (const name of sweptDirectories) await sweepUnfinished(join(dataDir, name));
  } catch (error) {
    await lock.release();
    throw error;
  }
  return lock;
}

/** A teardown that we waited for has removed what we locked, and somebody may have made it anew. */
async function refuseReplaced(dataDir: string, ino: number): Promise<void> {
  const now = await stat(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (now?.ino === ino) return;
  throw new CatalogueError('config.invalid', `${dataDir} was torn down while this process waited for it`, {
    field: '--data-dir',
    remedy: 'start again',
  });
}

/** Removes what a process that was killed in between left beside its files: in `keys` it is a private key. */
async function sweepUnfinished(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) if (unfinished.test(name)) await unlink(join(directory, name));
}
