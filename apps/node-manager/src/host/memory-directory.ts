/** A directory of this node's own on a file system that never reaches a disk, for keys that a process reads once (design §4.8). */
import { CatalogueError } from '@wgcni/base';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** TMPFS_MAGIC (linux/magic.h). */
const tmpfs = 0x01021994;

/** The path: beside the socket when that is on tmpfs, else under /run or /dev/shm. Throws CatalogueError `config.invalid`. */
export async function memoryDirectory(socket: string, deviceId: string): Promise<string> {
  for (const parent of [dirname(socket), '/run', '/dev/shm']) {
    if (await isTmpfs(parent)) return join(parent, `wgcni-${deviceId}`);
  }
  throw new CatalogueError('config.invalid', `neither ${dirname(socket)}, /run nor /dev/shm is a tmpfs`, {
    field: '--socket',
    remedy: 'mount a tmpfs on /run, so that private keys never reach a disk',
  });
}

async function isTmpfs(path: string): Promise<boolean> {
  return statfs(path).then(
    ({ type }) => type === tmpfs,
    () => false,
  );
}
