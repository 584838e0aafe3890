/** The plugin's side of the deletion queue: an entry reaches the disk whole before DEL answers (docs/decisions/0001). */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { CatalogueError, messageOf } from '@wgcni/base';
import {
  encodeQueueEntry,
  isQueueFileName,
  queueFileName,
  queueLimit,
  uniquePart,
  unfinishedSuffix,
  type QueueEntry,
} from '@wgcni/cni';
import type { PluginFaultPoints } from './fault-points.ts';

/**
 * Makes an entry durable and returns its path. Synchronous: the process has nothing else to do, and a DEL killed in between
 * leaves nothing or all. Throws CatalogueError `try.again` when the queue is full, `io.failed` when it cannot be written.
 */
export function enqueue(
  queueDir: string,
  entry: QueueEntry,
  { limit = queueLimit, reach }: { limit?: number; reach: PluginFaultPoints },
): string {
  try {
    mkdirSync(queueDir, { recursive: true, mode: 0o700 });
    refuseFull(queueDir, limit);
    return writeEntry(queueDir, entry, reach);
  } catch (error) {
    if (error instanceof CatalogueError) throw error;
    throw new CatalogueError('io.failed', `the deletion queue ${queueDir} cannot be written: ${messageOf(error)}`, {
      field: 'queueDir',
      remedy: 'start the node-manager, or make queueDir a writable directory on a disk with space',
      cause: error,
    });
  }
}

/** Removes an entry that was carried out after all; one that the node-manager took first is fine. */
export function withdraw(path: string): void {
  rmSync(path, { force: true });
}

/** Writers that count at the same moment may pass the limit by their number; it bounds the disk, it is no exact quota. */
function refuseFull(queueDir: string, limit: number): void {
  const count = readdirSync(queueDir).filter(isQueueFileName).length;
  if (count < limit) return;
  throw new CatalogueError('try.again', `the deletion queue ${queueDir} is full: ${count} entries`, {
    field: 'queueDir',
    remedy: 'start the node-manager, which replays the queue, then delete again',
  });
}

function writeEntry(queueDir: string, entry: QueueEntry, reach: PluginFaultPoints): string {
  const path = join(queueDir, queueFileName(entry, uniquePart(process.pid, process.hrtime.bigint())));
  const aside = `${path}${unfinishedSuffix}`;
  try {
    writeSynced(aside, encodeQueueEntry(entry));
    reach('del/entry written aside');
    // ORDER: content on disk, then the name, then the directory; only then may DEL answer.
    renameSync(aside, path);
    reach('del/entry renamed');
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
  syncDirectory(queueDir, path);
  return path;
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the new name durable; when that fails the entry is taken back, because DEL is about to say that it failed. */
function syncDirectory(queueDir: string, path: string): void {
  const directory = openSync(queueDir, 'r');
  try {
    fsyncSync(directory);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(directory);
  }
}
