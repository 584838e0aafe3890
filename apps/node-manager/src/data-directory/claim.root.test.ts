/**
 * The program itself asks for the data directory before it touches anything:
 *
 *   this test ──has──▶ data directory ◀──refused── node-manager (with a socket and key directory of its own)
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { claimDataDirectory } from './claim.ts';

const program = join(import.meta.dirname, '../../dist/node-manager.cjs');

it('a second node-manager of one data directory ends before it has changed anything', async () => {
  const place = await mkdtemp(join(tmpdir(), 'wgcni-second-'));
  const dataDir = join(place, 'data');
  const lock = await claimDataDirectory(dataDir);
  try {
    const flags = [
      ...['--data-dir', dataDir, '--socket', join(place, 'run', 'node.sock'), '--queue-dir', join(place, 'queue')],
      ...['--node-id', 'second', '--cluster', 'none', '--insecure'],
      ...['--etcd', 'http://127.0.0.1:9', '--manager', 'http://127.0.0.1:9'],
    ];
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) =>
      execFile(process.execPath, [program, ...flags], { timeout: 20_000 }, (error, _, stderr) =>
        resolve({ code: error?.code, stderr }),
      ),
    );
    expect(ended).toEqual({ code: 2, stderr: expect.stringContaining(`another node-manager works with ${dataDir}`) });
    expect([await readdir(place), await readdir(dataDir)]).toEqual([['data'], []]);
  } finally {
    await lock.release();
    await rm(place, { recursive: true });
  }
});
