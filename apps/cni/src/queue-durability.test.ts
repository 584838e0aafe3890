/** A queued deletion survives a power cut: at each fsync the disk is as the next step needs it, and no step goes without its fsync. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noFaultPoints } from '@wgcni/base';
import { decodeQueueEntry, isQueueFileName, type QueueEntry } from '@wgcni/cni';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { enqueue } from './queue.ts';

const entry: QueueEntry = {
  network: 'mesh',
  containerId: 'c1',
  ifName: 'eth0',
  queuedAt: '2026-01-02T03:04:05.678Z',
  bootId: 'boot-1',
  uptimeMs: 12.5,
};
/** One fsync: of what, and what the queue held at that moment. */
interface Sync {
  of: 'directory' | 'unfinished' | 'entry';
  disk: { name: Sync['of']; entry: QueueEntry | undefined }[];
}

let queueDir: string;
let syncs: Sync[];
beforeEach(() => {
  queueDir = fs.mkdtempSync(join(tmpdir(), 'wgcni-durable-'));
  syncs = [];
  const { fsyncSync } = fs;
  vi.spyOn(fs, 'fsyncSync').mockImplementation((file) => {
    fsyncSync(file);
    syncs.push({ of: kindOf(fs.readlinkSync(`/proc/self/fd/${file}`)), disk: diskOf() });
  });
  syncBuiltinESMExports();
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  fs.rmSync(queueDir, { recursive: true });
});

function kindOf(path: string): Sync['of'] {
  if (path === queueDir) return 'directory';
  return isQueueFileName(path.replace(/^.*\//, '')) ? 'entry' : 'unfinished';
}

const diskOf = (): Sync['disk'] =>
  fs.readdirSync(queueDir).map((name) => ({
    name: kindOf(join(queueDir, name)),
    entry: decodeQueueEntry(fs.readFileSync(join(queueDir, name), 'utf8')),
  }));

it('a queued deletion is on disk whole before it is an entry, and is an entry on disk before DEL answers', () => {
  enqueue(queueDir, entry, { reach: noFaultPoints });
  expect(syncs).toEqual([
    { of: 'unfinished', disk: [{ name: 'unfinished', entry }] },
    { of: 'directory', disk: [{ name: 'entry', entry }] },
  ]);
});

it('a deletion whose entry cannot be brought to the disk fails, and leaves none', () => {
  vi.mocked(fs.fsyncSync).mockImplementation(() => {
    throw new Error('EIO');
  });
  syncBuiltinESMExports();
  expect(() => enqueue(queueDir, entry, { reach: noFaultPoints })).toThrow(
    expect.objectContaining({ code: 'io.failed' }),
  );
  expect(diskOf()).toEqual([]);
});
