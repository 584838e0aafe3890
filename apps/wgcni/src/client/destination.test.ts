/** Where a configuration goes: a file is new, for its owner alone, and never takes the place of another unless that is said. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@wgcni/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDestination } from './destination.ts';

const config = new Secret('[Interface]\nPrivateKey = x\n');

describe('the place of a configuration', () => {
  let directory: string;
  let out: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wgcni-client-'));
    out = join(directory, 'laptop.conf');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is stdout when nothing else is said', async () => {
    expect(await (await openDestination({})).deliver(config)).toBe('[Interface]\nPrivateKey = x');
  });

  it('is a new file of mode 0600', async () => {
    expect(await (await openDestination({ out })).deliver(config)).toBe(out);
    expect(await readFile(out, 'utf8')).toBe(config.reveal());
    expect(((await stat(out)).mode & 0o777).toString(8)).toBe('600');
    expect(await readdir(directory)).toEqual(['laptop.conf']);
  });

  it('is not a file that is there, before anything is asked for; with force it is', async () => {
    await writeFile(out, 'the only copy', { mode: 0o644 });
    await expect(openDestination({ out })).rejects.toMatchObject({ code: 'config.invalid', field: '--out' });
    expect(await readFile(out, 'utf8')).toBe('the only copy');
    const forced = await openDestination({ out, force: true });
    await forced.giveUp();
    expect(await readFile(out, 'utf8')).toBe('the only copy');
    await forced.deliver(config);
    expect(await readFile(out, 'utf8')).toBe(config.reveal());
    expect(((await stat(out)).mode & 0o777).toString(8)).toBe('600');
  });

  it('is empty again when nothing comes', async () => {
    await (await openDestination({ out })).giveUp();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is one, and in a directory that is there', async () => {
    await expect(openDestination({ out, qr: true })).rejects.toMatchObject({ field: '--qr' });
    await expect(openDestination({ out: join(directory, 'no', 'x') })).rejects.toMatchObject({ field: '--out' });
    expect(await readdir(directory)).toEqual([]);
  });
});
