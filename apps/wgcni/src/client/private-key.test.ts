/** A client's key: put where its configuration has a place for it, and read from a file that nobody else may read. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemKeys } from '@wgcni/wg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readClientKey, withPrivateKey } from './private-key.ts';

const { privateKey } = systemKeys.generate();

describe('the key of a client', () => {
  let path: string;
  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'wgcni-client-')), 'key');
  });
  afterEach(() => rm(join(path, '..'), { recursive: true }));

  it('takes its place, and nothing else of the text', () => {
    const text = '# laptop\n[Interface]\n# PrivateKey = <known to the client alone>\nMTU = 1420\n';
    const whole = withPrivateKey(text, privateKey);
    expect(whole.reveal()).toBe(`# laptop\n[Interface]\nPrivateKey = ${privateKey.reveal()}\nMTU = 1420\n`);
    expect(JSON.stringify(whole)).not.toContain(privateKey.reveal());
    expect(() => withPrivateKey('[Interface]\n', privateKey)).toThrow('no place for the private key');
  });

  it.each([
    ['alone, as wg genkey prints it', `${privateKey.reveal()}\n`],
    ['in a configuration', `# laptop\n[Interface]\nPrivateKey = ${privateKey.reveal()}\nMTU = 1420\n\n[Peer]\n`],
  ])('is read %s', async (_, text) => {
    await writeFile(path, text, { mode: 0o600 });
    expect((await readClientKey(path)).reveal()).toBe(privateKey.reveal());
  });

  it('is not read from a file that others may read, nor from one that holds none; no message shows what is there', async () => {
    await writeFile(path, privateKey.reveal(), { mode: 0o600 });
    await chmod(path, 0o644);
    await expect(readClientKey(path)).rejects.toMatchObject({ code: 'config.invalid', field: '--key-file' });
    await writeFile(path, `PrivateKey = ${privateKey.reveal()}x\n`);
    await chmod(path, 0o600);
    const error = await readClientKey(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config.invalid', field: '--key-file' });
    expect(String(error)).not.toContain(privateKey.reveal());
  });
});
