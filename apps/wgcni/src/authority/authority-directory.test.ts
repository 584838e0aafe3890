/** From which directories an authority is opened. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '@wgcni/pki/authority';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAuthority, writePair } from './authority-directory.ts';

let dir: string;
let key: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wgcni-directory-'));
  ({ key } = await writePair(dir, 'authority', await Authority.create('main', Date.now())));
});
afterEach(() => rm(dir, { recursive: true }));

it('opens what it wrote', async () => {
  expect((await openAuthority(dir)).texts.key.reveal()).toContain('PRIVATE KEY');
});

it.each([0o640, 0o604, 0o660])('refuses a key of mode %o, which others may use', async (mode) => {
  await chmod(key, mode);
  await expect(openAuthority(dir)).rejects.toMatchObject({
    code: 'config.invalid',
    field: '--dir',
    message: expect.stringContaining(`authority.key has mode 0${mode.toString(8)}`) as string,
    remedy: `chmod 600 ${key}`,
  });
});

it('says where there is none', async () => {
  await expect(openAuthority(join(dir, 'elsewhere'))).rejects.toMatchObject({
    field: '--dir',
    remedy: 'name the directory that `wgcni authority create` made',
  });
});
