/** One process has the data directory, until it ends in whatever way; half-written files of the one before are gone. */
import { Secret, replaceFile } from '@wgcni/base';
import { systemKeys } from '@wgcni/wg';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyFile } from '../keys/key-file.ts';
import { keyPath } from '../keys/node-key.ts';
import { claimDataDirectory } from './claim.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), 'wgcni-claim-')), 'data');
});
afterEach(() => rm(join(dataDir, '..'), { recursive: true }));

const refused = {
  code: 'config.invalid',
  field: '--data-dir',
  message: expect.stringContaining('another node-manager'),
};

describe('the data directory', () => {
  it('is of one process at a time, also under another path', async () => {
    const lock = await claimDataDirectory(dataDir);
    await expect(claimDataDirectory(dataDir, 0)).rejects.toMatchObject(refused);
    const link = `${dataDir}-link`;
    await symlink(dataDir, link);
    await expect(claimDataDirectory(link, 0)).rejects.toMatchObject(refused);
    await lock.release();
    await (await claimDataDirectory(dataDir, 0)).release();
  });

  it('is free once the process that had it was killed', async () => {
    const claim = `import { claimDataDirectory } from ${JSON.stringify(join(import.meta.dirname, 'claim.ts'))};
      await claimDataDirectory(process.argv[1]); console.log('held'); setInterval(() => {}, 1_000);`;
    const argv = ['--import', 'tsx', '--input-type=module', '--eval', claim, dataDir];
    const other = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(other.stdout, 'data');
      await expect(claimDataDirectory(dataDir, 0)).rejects.toMatchObject(refused);
    } finally {
      other.kill('SIGKILL');
    }
    await (await claimDataDirectory(dataDir, 5)).release();
  });

  it('is waited for while a teardown has it, and refused when that has removed it', async () => {
    const lock = await claimDataDirectory(dataDir);
    const waiting = claimDataDirectory(dataDir).catch(String);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await rm(dataDir, { recursive: true });
    await lock.release();
    expect(await waiting).toContain('torn down');
  });

  it('that is no directory is named', async () => {
    await writeFile(dataDir, '');
    await expect(claimDataDirectory(dataDir)).rejects.toThrow(dataDir);
  });

  it('is without what was left half-written, a private key for one; what is not ours stays', async () => {
    const { privateKey } = systemKeys.generate();
    await createKeyFile(keyPath(dataDir, 'pods'), privateKey);
    await mkdir(join(dataDir, 'processes'), { mode: 0o700 });
    await replaceFile(join(dataDir, 'view.json'), '{}');
    const half = '0b7e1c9a-2f0d-4c57-9f0e-1a2b3c4d5e6f.new';
    const mode = 0o600;
    await writeFile(`${keyPath(dataDir, 'pods')}.${half}`, new Secret('half a key').reveal(), { mode });
    await writeFile(join(dataDir, 'processes', `wg0123456789ab.json.${half}`), '{"pid"', { mode });
    for (const name of [`view.json.${half}`, 'notes.new']) await writeFile(join(dataDir, name), '', { mode });
    await (await claimDataDirectory(dataDir)).release();
    expect((await readdir(dataDir, { recursive: true })).sort()).toEqual(
      ['keys', 'keys/pods', 'notes.new', 'processes', 'view.json'].sort(),
    );
  });

  it('tells when the lock is lost', async () => {
    const lock = await claimDataDirectory(dataDir);
    const keeper = await keeperOf(dataDir);
    process.kill(keeper, 'SIGKILL');
    await expect(lock.lost).rejects.toMatchObject({ code: 'io.failed', message: expect.stringContaining('SIGKILL') });
  });
});

/** The process that has the directory open. */
async function keeperOf(path: string): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const open = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    if (open.includes(path)) return Number(pid);
  }
  throw new Error(`nobody has ${path} open`);
}
