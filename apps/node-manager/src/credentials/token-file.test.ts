/** A token in a file is for its owner alone. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRandom } from '@wgcni/base';
import { drawToken, formatToken } from '@wgcni/pki';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readToken } from './token-file.ts';

describe('a token', () => {
  const token = drawToken('a'.repeat(64), systemRandom);
  const word = formatToken(token).reveal();
  let dir: string;
  let path: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-token-'));
    path = join(dir, 'token');
    await writeFile(path, `${word}\n`, { mode: 0o600 });
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('is the word itself, or that in a file', async () => {
    expect((await readToken(word)).id).toBe(token.id);
    expect((await readToken(path)).id).toBe(token.id);
  });

  it.each([0o640, 0o604, 0o620])('in a file of mode %o is refused, with the way to mend it', async (mode) => {
    await chmod(path, mode);
    await expect(readToken(path)).rejects.toMatchObject({
      ...{ code: 'config.invalid', field: '--join' },
      message: expect.stringContaining(`has mode 0${mode.toString(8)}`) as string,
      remedy: expect.stringContaining(`chmod 600 ${path}`) as string,
    });
  });

  it('in a file that is not there is told by its name', async () => {
    await expect(readToken(join(dir, 'other'))).rejects.toMatchObject({ code: 'config.invalid', field: '--join' });
  });
});
