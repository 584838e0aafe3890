/** What a node joined with is whole before it is used, for its owner alone, and the same after a repeat. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '@wgcni/pki';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasJoined, JoinedFiles } from './joined-files.ts';

const [first, second] = ['0000000000000001', '0000000000000002'];

describe('the files of a node that joins', () => {
  let dir: string;
  let files: JoinedFiles;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-joined-'));
    files = new JoinedFiles(dir);
  });
  afterEach(() => rm(dir, { recursive: true }));

  const made = () => generateKeyPair().key;

  it('hold one key for one token, however often it is asked for', async () => {
    const key = await files.keyFor(first, made);
    expect((await files.keyFor(first, made)).reveal().trim()).toBe(key.reveal().trim());
    expect((await files.keyFor(second, made)).reveal()).not.toBe(key.reveal());
    expect((await stat(files.pathsOf(second).key)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, 'credentials'))).mode & 0o777).toBe(0o700);
  });

  it('are nothing to go by before the answer is kept', async () => {
    await files.keyFor(first, made);
    expect([await files.current(), hasJoined(dir)]).toEqual([undefined, false]);
    const paths = await files.keep(first, 'certificate', 'authorities');
    expect([await files.current(), hasJoined(dir)]).toEqual([first, true]);
    expect(await Promise.all([readFile(paths.cert, 'utf8'), readFile(paths.ca, 'utf8')])).toEqual([
      'certificate',
      'authorities',
    ]);
  });

  it('of the token before go when a node joins anew, and not sooner', async () => {
    await files.keyFor(first, made);
    await files.keep(first, 'certificate', 'authorities');
    await files.keyFor(second, made);
    expect(await files.current()).toBe(first);
    await files.keep(second, 'other', 'authorities');
    expect((await readdir(join(dir, 'credentials'))).sort()).toEqual([
      ...[`${second}.ca.pem`, `${second}.cert.pem`, `${second}.key.pem`, 'current'],
    ]);
  });

  it.each(['', '../../etc'])(
    'that do not say which are to be shown (%j) are refused, not taken for none',
    async (text) => {
      await files.keyFor(first, made);
      await writeFile(join(dir, 'credentials', 'current'), text);
      await expect(files.current()).rejects.toMatchObject({
        code: 'config.invalid',
        remedy: expect.stringContaining('new token') as string,
      });
    },
  );

  it('of a token that led to nothing go when another join begins, and those to be shown stay', async () => {
    await files.keyFor(first, made);
    await files.keep(first, 'certificate', 'authorities');
    await files.keyFor(second, made);
    await files.keyFor('0000000000000003', made);
    expect((await readdir(join(dir, 'credentials'))).sort()).toEqual([
      ...[`${first}.ca.pem`, `${first}.cert.pem`, `${first}.key.pem`, '0000000000000003.key.pem', 'current'],
    ]);
  });
});
