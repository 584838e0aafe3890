/**
 * The program itself refuses at its start what others could read or change:
 *
 *   data directory, key, queue, socket directory: one of them with a wider mode, or another's ◀──refused── node-manager
 */
import { systemKeys } from '@wgcni/wg';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyFile } from '../keys/key-file.ts';
import { keyPath } from '../keys/node-key.ts';

const program = join(import.meta.dirname, '../../dist/node-manager.cjs');

describe('the node-manager refuses to start', () => {
  let place: string;
  let dataDir: string;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'wgcni-custody-'));
    dataDir = join(place, 'data');
    await createKeyFile(keyPath(dataDir, 'mesh'), systemKeys.generate().privateKey);
    for (const name of ['queue', 'run']) await mkdir(join(place, name), { mode: 0o700 });
  });
  afterEach(() => rm(place, { recursive: true }));

  const start = (): Promise<{ code: unknown; stderr: string }> => {
    const flags = [
      ...['--data-dir', dataDir, '--socket', join(place, 'run', 'node.sock'), '--queue-dir', join(place, 'queue')],
      ...['--node-id', 'open', '--cluster', 'none', '--insecure'],
      ...['--etcd', 'http://127.0.0.1:9', '--manager', 'http://127.0.0.1:9'],
    ];
    return new Promise((resolve) =>
      execFile(process.execPath, [program, ...flags], { timeout: 20_000 }, (error, _, stderr) =>
        resolve({ code: error?.code, stderr }),
      ),
    );
  };

  it.each([
    ['the data directory', 'data', '0755'],
    ['the directory of the keys', 'data/keys', '0710'],
    ['a key', 'data/keys/mesh', '0644'],
    ['the queue', 'queue', '0777'],
    ['the directory of the socket', 'run', '0755'],
  ])('when others may enter or read %s (%s, mode %s), and changes nothing', async (_what, name, mode) => {
    const path = join(place, name);
    await chmod(path, Number.parseInt(mode, 8));
    const { code, stderr } = await start();
    expect(code).toBe(2);
    expect(stderr).toContain(`${path} has mode ${mode}`);
    expect(stderr).toContain(`chmod ${name === 'data/keys/mesh' ? '600' : '700'} ${path}`);
    expect((await readdir(place, { recursive: true })).sort()).toEqual(
      ['data', 'data/keys', 'data/keys/mesh', 'queue', 'run'].sort(),
    );
  });

  it("when a key is another user's", async () => {
    const path = keyPath(dataDir, 'mesh');
    await chown(path, 12_345, 12_345);
    const { code, stderr } = await start();
    expect(code).toBe(2);
    expect(stderr).toContain(`${path} has mode 0600 and belongs to user id 12345, not to 0`);
    expect(stderr).toContain(`chown 0 ${path}`);
  });
});
