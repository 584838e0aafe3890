/** What backup.sh and restore.sh do with words that could cost a backup or a store, with an etcdctl that only makes files. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const shipped = resolve(import.meta.dirname, '../../../../deploy/etcd');
const etcdctl = `#!/bin/sh
while [ "$1" != snapshot ]; do shift; done
case $2 in
  save) echo snapshot >"$3" ;;
  restore) while [ "$1" != --data-dir ]; do shift; done; mkdir -p "$2"; echo restored >"$2/store" ;;
esac
`;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wgcni-etcd-scripts-'));
  await mkdir(join(dir, 'bin'));
  for (const name of ['etcdctl', 'etcdutl']) await writeFile(join(dir, 'bin', name), etcdctl, { mode: 0o755 });
});
afterEach(() => rm(dir, { recursive: true }));

function run(script: string, argv: readonly string[], env: Record<string, string> = {}): ResultPromise {
  const path = `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`;
  const endpoints = { ETCDCTL_ENDPOINTS: 'https://192.0.2.1:2379' };
  return execa(join(shipped, script), argv, { cwd: dir, env: { ...endpoints, ...env, PATH: path } });
}

describe('backup.sh', () => {
  it.each(['0', '00', '-1', 'all'])('keeps no number of backups that is none: KEEP=%s', async (keep) => {
    const backups = join(dir, 'backups');
    await run('backup.sh', [backups]);
    await expect(run('backup.sh', [backups], { KEEP: keep })).rejects.toMatchObject({ exitCode: 2 });
    expect(await readdir(backups)).toHaveLength(1);
  });

  it('keeps the newest', async () => {
    const old = ['wgcni-20250101T000000Z.db', 'wgcni-20250102T000000Z.db'];
    await mkdir(join(dir, 'backups'));
    for (const name of old) await writeFile(join(dir, 'backups', name), '');
    const { stdout } = await run('backup.sh', [join(dir, 'backups')], { KEEP: '2' });
    expect((await readdir(join(dir, 'backups'))).map((name) => join(dir, 'backups', name)).sort()).toEqual([
      join(dir, 'backups', old[1] ?? ''),
      stdout,
    ]);
  });
});

describe('restore.sh', () => {
  const restore = (data: string): ResultPromise =>
    run('restore.sh', ['backup.db', 'e1', data, 'e1=https://192.0.2.1:2380', 'main-2']);
  beforeEach(async () => {
    await mkdir(join(dir, 'var/data'), { recursive: true });
    await writeFile(join(dir, 'var/data/store'), 'old\n');
  });

  it.each(['', '/', '//'])('puts the old data beside the new, not into it, with %j behind the path', async (end) => {
    await restore(join(dir, 'var/data') + end);
    const [data = '', aside = '', ...more] = (await readdir(join(dir, 'var'))).sort();
    expect([data, more]).toEqual(['data', []]);
    expect(aside).toMatch(/^data\.before-/);
    expect(await readdir(join(dir, 'var/data'))).toEqual(['store']);
    expect(await readFile(join(dir, 'var/data/store'), 'utf8')).toBe('restored\n');
    expect(await readFile(join(dir, 'var', aside, 'store'), 'utf8')).toBe('old\n');
  });

  it.each(['var/data', '/', '.'])('takes nothing that is no directory from the root on: %s', async (data) => {
    await expect(restore(data)).rejects.toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('from the root'),
    });
    expect(await readdir(join(dir, 'var'))).toEqual(['data']);
  });
});
