/** Files that hold a key for the life of one call. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { Secret } from '@wgcni/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrivateFiles } from './private-files.ts';

describe('PrivateFiles', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp('/dev/shm/wgcni-run-');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('lends a file that only its owner may read, for the life of one call', async () => {
    const files = await PrivateFiles.open(directory);
    const seen = await files.lend(new Secret('content'), async (path) => {
      return { text: await readFile(path, 'utf8'), mode: (await stat(path)).mode & 0o777 };
    });
    expect(seen).toEqual({ text: 'content', mode: 0o600 });
    expect(await readdir(directory)).toEqual([]);
  });

  it('takes the file back when the call fails', async () => {
    const files = await PrivateFiles.open(directory);
    const failing = files.lend(new Secret('content'), () => Promise.reject(new Error('no device')));
    await expect(failing).rejects.toThrow('no device');
    expect(await readdir(directory)).toEqual([]);
  });

  it('removes key files left by an earlier life, and nothing else', async () => {
    await writeFile(`${directory}/${randomUUID()}.conf`, 'left');
    await writeFile(`${directory}/other`, 'kept');
    await PrivateFiles.open(directory);
    expect(await readdir(directory)).toEqual(['other']);
  });

  it('makes a directory that is not there, for its owner only', async () => {
    await PrivateFiles.open(`${directory}/deep/run`);
    expect((await stat(`${directory}/deep/run`)).mode & 0o777).toBe(0o700);
  });

  it('are refused on a disk', async () => {
    const onDisk = await mkdtemp('/var/tmp/wgcni-run-');
    const failure = { code: 'config.invalid', message: expect.stringContaining('not on tmpfs') };
    await expect(PrivateFiles.open(onDisk)).rejects.toMatchObject(failure);
    await rmdir(onDisk);
  });

  it('are refused in a directory that others may enter', async () => {
    const failure = { code: 'config.invalid', message: expect.stringContaining('0700') };
    await expect(PrivateFiles.open('/dev/shm')).rejects.toMatchObject(failure);
  });

  it('stand under the first place in memory, and leave nothing there', async () => {
    const name = `wgcni-under-${randomUUID()}`;
    const files = await PrivateFiles.openUnder(['/var/tmp', '/nowhere', '/dev/shm'], name);
    expect((await stat(`/dev/shm/${name}`)).mode & 0o777).toBe(0o700);
    await files.close();
    await expect(stat(`/dev/shm/${name}`)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(`/var/tmp/${name}`)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(PrivateFiles.openUnder(['/var/tmp'], name)).rejects.toMatchObject({ code: 'config.invalid' });
  });
});
