/** Durable replacement of a small file: written aside, fsynced, renamed, directory fsynced. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Replaces `path` with `content`; after it resolves the new content survives a power cut. Created exclusively, by default for its owner alone. */
export async function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const aside = `${path}.${randomUUID()}.new`;
  try {
    await writeDurably(aside, content, mode);
    await rename(aside, path);
  } catch (error) {
    // What could not take its place, on a full disk for one, must not stay beside it.
    await unlink(aside).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    // Not by the mask of the caller: a plugin that a runtime may not execute would stop its node.
    if (mode !== 0o600) await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes `path` durably; a missing file is fine. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return;
  }
  await syncDirectory(dirname(path));
}

/** Creates a directory that only its owner may enter (0700), with its parents; durably: what is in a directory is as safe as its entry. */
export async function privateDirectory(path: string): Promise<void> {
  const wanted = resolve(path);
  const first = await mkdir(wanted, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const created = [wanted];
  for (let parent = dirname(wanted); parent.length >= first.length; parent = dirname(parent)) created.unshift(parent);
  for (const directory of created) await syncDirectory(dirname(directory));
}

/** Flushes a directory's entries to disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
