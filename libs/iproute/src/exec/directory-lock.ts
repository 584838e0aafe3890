/**
 * An exclusive lock on a directory that ends with this process, however it ends: flock(1) locks the directory and becomes a `cat`
 * that lives until its input closes, which the kernel does for us. It holds across network namespaces and leaves no file behind.
 */
import { CatalogueError } from '@wgcni/base';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { processEnvironment } from './processes.ts';

export interface DirectoryLock {
  /** Rejects when the lock is lost without `release`: somebody ended its keeper. */
  lost: Promise<never>;
  /** Resolves once another can have it. */
  release(): Promise<void>;
}

/** flock's exit status when somebody else has the lock. */
const heldByAnother = 75;

/**
 * Locks the directory for this process, at the latest within `waitSec`, in which one that was just killed lets it go. Throws
 * CatalogueError `config.invalid` when another process has it or the directory cannot be locked.
 */
export async function lockDirectory(path: string, waitSec = 5): Promise<DirectoryLock> {
  const wait = ['--timeout', String(waitSec), '--conflict-exit-code', String(heldByAnother)];
  const child = spawn('flock', ['--no-fork', '--exclusive', ...wait, path, 'cat'], {
    env: processEnvironment(),
    // Not of our process group: what a terminal sends to it must not free the lock before we have ended.
    detached: true,
  });
  const ended = endOf(child);
  // What comes back has gone through `cat`, which flock becomes only with the lock.
  const isHeld = new Promise<true>((resolve) => child.stdout.once('data', () => resolve(true)));
  child.stdin.write('held\n');
  const outcome = await Promise.race([isHeld, ended]);
  if (outcome !== true) throw refusal(path, outcome);
  let isReleased = false;
  const lost = ended.then((end): Promise<never> =>
    isReleased ? new Promise(() => undefined) : Promise.reject(lostError(path, end)),
  );
  // Whoever does not wait for it is not ended by it.
  lost.catch(() => undefined);
  const release = async (): Promise<void> => {
    isReleased = true;
    child.stdin.end();
    await ended;
  };
  return { lost, release };
}

interface End {
  status: number | null;
  why: string;
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<End> {
  let why = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (why += text));
  // How it ended says more than the pipe that broke with it.
  child.stdin.on('error', () => undefined);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, why: error.message }));
    child.once('close', (status, signal) => resolve({ status, why: why.trim() || `ended by ${signal ?? status}` }));
  });
}

function refusal(path: string, { status, why }: End): CatalogueError {
  const options = { field: '--data-dir' };
  if (status === heldByAnother) {
    return new CatalogueError('config.invalid', `another node-manager works with ${path}`, {
      ...options,
      remedy: 'stop it first, or give this one a --data-dir and --socket of its own',
    });
  }
  return new CatalogueError('config.invalid', `${path} cannot be locked: ${why}`, {
    ...options,
    remedy: 'install the Debian package util-linux, and give a directory on a file system with flock',
  });
}

function lostError(path: string, { why }: End): CatalogueError {
  return new CatalogueError('io.failed', `the lock on ${path} is lost: its keeper ${why}`, {
    remedy: 'start the node-manager again; every tunnel stays as it is meanwhile',
  });
}
