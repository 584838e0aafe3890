/** The queue on a real disk: whole entries or none, a limit, and errors that say what to do. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noFaultPoints } from '@wgcni/base';
import { decodeQueueEntry, inQueueOrder, isQueueFileName, mayConcern, type QueueEntry } from '@wgcni/cni';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStartedAt } from './boot.ts';
import { enqueue, withdraw } from './queue.ts';

const entry: QueueEntry = {
  network: 'mesh',
  containerId: 'c'.repeat(253),
  ifName: 'eth0',
  queuedAt: '2026-01-02T03:04:05.678Z',
  bootId: 'boot-1',
  uptimeMs: 12.5,
};
let queueDir: string;

beforeEach(() => {
  queueDir = join(mkdtempSync(join(tmpdir(), 'wgcni-queue-')), 'var', 'queue');
});
afterEach(() => rmSync(join(queueDir, '..', '..'), { recursive: true }));

const reach = noFaultPoints;

describe('enqueue', () => {
  it('makes the directory and one file that only its owner reads, with the entry in it', () => {
    const path = enqueue(queueDir, entry, { reach });
    expect(decodeQueueEntry(readFileSync(path, 'utf8'))).toEqual(entry);
    expect([statSync(queueDir).mode & 0o777, statSync(path).mode & 0o777]).toEqual([0o700, 0o600]);
    const [name = ''] = readdirSync(queueDir);
    expect(readdirSync(queueDir)).toHaveLength(1);
    expect([isQueueFileName(name), mayConcern(name, entry)]).toEqual([true, true]);
  });

  it('keeps two deletions of one key apart', () => {
    const paths = [enqueue(queueDir, entry, { reach }), enqueue(queueDir, entry, { reach })];
    expect(new Set(paths).size).toBe(2);
    withdraw(paths[0] ?? '');
    withdraw(paths[0] ?? '');
    expect(existsSync(paths[1] ?? '')).toBe(true);
  });

  it('refuses more than the limit, and counts only entries', () => {
    enqueue(queueDir, entry, { limit: 2, reach });
    writeFileSync(join(queueDir, 'unfinished.json.new'), '');
    enqueue(queueDir, entry, { limit: 2, reach });
    expect(() => enqueue(queueDir, entry, { limit: 2, reach })).toThrow(
      expect.objectContaining({ code: 'try.again', field: 'queueDir' }),
    );
    expect(inQueueOrder(readdirSync(queueDir))).toHaveLength(2);
  });

  it('says that the queue cannot be written when its place is a file', () => {
    mkdirSync(join(queueDir, '..'), { recursive: true });
    writeFileSync(queueDir, '');
    chmodSync(queueDir, 0o600);
    expect(() => enqueue(queueDir, entry, { reach })).toThrow(expect.objectContaining({ code: 'io.failed' }));
  });
});

describe('processStartedAt', () => {
  it('lies before now on both clocks and names this boot', () => {
    const started = processStartedAt();
    expect(Date.parse(started.wall)).toBeLessThanOrEqual(Date.now());
    expect(started.uptimeMs).toBeLessThan(Number(process.hrtime.bigint() / 1000n) / 1000);
    expect(started.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(Math.abs(processStartedAt().uptimeMs - started.uptimeMs)).toBeLessThan(1);
  });
});
