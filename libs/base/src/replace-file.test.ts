/** What survives a power cut: at each fsync the disk is as the next step needs it, and no step goes without its fsync. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { privateDirectory, removeFile, replaceFile } from './replace-file.ts';

/** One fsync: of what, and what the directory held at that moment, by name. */
interface Sync {
  of: string;
  disk: Record<string, string>;
}

let directory: string;
let syncs: Sync[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wgcni-durable-'));
  await replaceFile(join(directory, 'a'), 'old');
  syncs = [];
  const handle = await open(directory);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`);
    await sync.call(this);
    syncs.push({ of: path === directory ? 'directory' : nameless(path), disk: diskOf() });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

/** A file that is written aside has a name that nobody foresees. */
const nameless = (path: string): string => path.replace(/^.*\//, '').replace(/^a\..*\.new$/, 'aside');
const diskOf = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory).map((name) => [nameless(name), readFileSync(join(directory, name), 'utf8')]),
  );

describe('a file that is replaced', () => {
  it('is on disk whole before it takes its place, and its place is on disk before the caller goes on', async () => {
    await replaceFile(join(directory, 'a'), 'new');
    expect(syncs).toEqual([
      { of: 'aside', disk: { a: 'old', aside: 'new' } },
      { of: 'directory', disk: { a: 'new' } },
    ]);
  });

  it('stays as it was when its content cannot be brought to the disk', async () => {
    const handle = await open(directory);
    vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'sync').mockRejectedValue(new Error('EIO'));
    await handle.close();
    await expect(replaceFile(join(directory, 'a'), 'new')).rejects.toThrow('EIO');
    expect(diskOf()).toEqual({ a: 'old' });
  });
});

describe('a file that is removed', () => {
  it('is gone from the disk before the caller goes on', async () => {
    await removeFile(join(directory, 'a'));
    expect(syncs).toEqual([{ of: 'directory', disk: {} }]);
  });
});

describe('a private directory', () => {
  it('is on the disk with every parent that was made for it, the outermost first', async () => {
    const synced: string[] = [];
    const handle = await open(directory);
    vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'sync').mockImplementation(function (this: FileHandle) {
      synced.push(readlinkSync(`/proc/self/fd/${this.fd}`));
      return Promise.resolve();
    });
    await handle.close();
    await privateDirectory(join(directory, 'b', 'c'));
    expect(synced).toEqual([directory, join(directory, 'b')]);
    expect(statSync(join(directory, 'b', 'c')).mode & 0o777).toBe(0o700);
    await privateDirectory(join(directory, 'b', 'c'));
    expect(synced).toHaveLength(2);
  });
});
