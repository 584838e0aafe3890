/** A file that others may write decides nothing. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readConfigFile } from './read-config-file.ts';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wgcni-config-'));
  path = join(dir, 'p.yaml');
  await writeFile(path, 'mtu: 1420\n');
});
afterEach(() => rm(dir, { recursive: true }));

it('is read when its owner alone may write it, and absent when it is not there', async () => {
  await chmod(path, 0o644);
  expect(readConfigFile(path, true)).toBe('mtu: 1420\n');
  expect(readConfigFile(join(dir, 'other'), true)).toBeUndefined();
});

it.each([0o664, 0o646, 0o666])('is refused when others may write it: %s', async (mode) => {
  await chmod(path, mode);
  expect(() => readConfigFile(path, true)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
});

it('is refused when it is no file', () => {
  expect(() => readConfigFile(dir, false)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
});
