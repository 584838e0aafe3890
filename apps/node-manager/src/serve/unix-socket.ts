/** A unix socket that only its owner can reach: mode 0600 from its first instant, in a directory of mode 0700. */
import { CatalogueError, privateDirectory } from '@wgcni/base';
import { chmod, stat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { refuseShared } from '../data-directory/custody.ts';

/** How long somebody who holds the socket may take to accept, in milliseconds. */
const acceptMs = 1_000;

/** Whether somebody answers on the socket. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    // Somebody who is too busy to accept is there all the same.
    socket.setTimeout(acceptMs, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** Refuses to go on while another process serves on the socket. Throws CatalogueError `config.invalid`. */
export async function refuseAnswered(path: string): Promise<void> {
  if (!(await isAnswered(path))) return;
  throw new CatalogueError('config.invalid', `a node-manager runs already: somebody answers on ${path}`, {
    field: '--socket',
    remedy: 'stop it first, or give this one a --socket and --data-dir of its own',
  });
}

/**
 * Makes the directory of the socket, or looks at the one that is there: who may enter it may call everything. Throws CatalogueError
 * `config.invalid` when that is anybody but us.
 */
export async function ownRunDirectory(socket: string): Promise<void> {
  const directory = dirname(socket);
  await privateDirectory(directory);
  try {
    refuseShared(directory, await stat(directory), '--socket');
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    // Nobody wants /run or /tmp to be closed to all others.
    const remedy = 'give the socket a directory of its own, such as /run/wgcni/node-manager.sock, or';
    throw new CatalogueError(error.code, error.message, {
      field: '--socket',
      remedy: `${remedy} ${error.remedy}`,
      cause: error,
    });
  }
}

/**
 * Listens on `path`. A socket that nobody answers is replaced.
 * Throws CatalogueError `config.invalid` when somebody answers or the path is something else.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await ownRunDirectory(path);
  await refuseAnswered(path);
  await removeStale(path);
  // The mask makes the socket 0600 without an instant in which others could connect.
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } finally {
    process.umask(before);
  }
  await chmod(path, 0o600);
}

/** Removes a socket that nobody answers; a missing one is fine. Throws CatalogueError `config.invalid` for anything that is no socket. */
async function removeStale(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new CatalogueError('config.invalid', `${path} exists and is not a socket`, {
      field: '--socket',
      remedy: 'remove it, or choose another path',
    });
  }
  await unlink(path);
}
