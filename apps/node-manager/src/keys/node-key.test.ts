/** Key custody: one file, mode 0600, and a live device outranks it. */
import { CatalogueError, Secret, silentLog } from '@wgcni/base';
import type { KeyGenerator, PublicKey } from '@wgcni/wg';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyFile, readKeyFile } from './key-file.ts';
import { keepNodeKey, keyPath, type NodeKeyDeps } from './node-key.ts';

const keys: KeyGenerator = {
  generate: () => pairOf(new Secret(randomBytes(32).toString('base64'))),
  publicKeyOf: (privateKey) => pairOf(privateKey).publicKey,
};
const device = { id: 'wg0123456789ab', name: 'wgcni-pods' };

function pairOf(privateKey: Secret) {
  const publicKey = createHash('sha256').update(privateKey.reveal()).digest('base64') as PublicKey;
  return { publicKey, privateKey };
}

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'wgcni-keys-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

function depsWith(live?: Secret): NodeKeyDeps {
  return { dataDir, keys, log: silentLog, devices: { readPrivateKey: async () => live } };
}

describe('the key of a node device', () => {
  it('is made once, in a file that only its owner may read, and kept afterwards', async () => {
    const first = await keepNodeKey(depsWith(), 'pods', device);
    const again = await keepNodeKey(depsWith(), 'pods', device);
    expect(again.publicKey).toBe(first.publicKey);
    expect((await stat(keyPath(dataDir, 'pods'))).mode & 0o777).toBe(0o600);
    expect((await readFile(keyPath(dataDir, 'pods'), 'utf8')).trim()).toBe(first.privateKey.reveal());
  });

  it('differs between the two devices', async () => {
    const pods = await keepNodeKey(depsWith(), 'pods', device);
    const mesh = await keepNodeKey(depsWith(), 'mesh', { ...device, name: 'wgcni-mesh' });
    expect(mesh.publicKey).not.toBe(pods.publicKey);
  });

  it('is taken back from a live device when the data directory was lost', async () => {
    const live = keys.generate();
    const kept = await keepNodeKey(depsWith(live.privateKey), 'pods', device);
    expect(kept.publicKey).toBe(live.publicKey);
    expect((await readKeyFile(keyPath(dataDir, 'pods')))?.reveal()).toBe(live.privateKey.reveal());
  });

  it('follows the live device when the file is older than it', async () => {
    await keepNodeKey(depsWith(), 'pods', device);
    const live = keys.generate();
    expect((await keepNodeKey(depsWith(live.privateKey), 'pods', device)).publicKey).toBe(live.publicKey);
    expect((await keepNodeKey(depsWith(), 'pods', device)).publicKey).toBe(live.publicKey);
  });
});

describe('a key file', () => {
  it('that others can read is refused, naming file, mode and remedy', async () => {
    await keepNodeKey(depsWith(), 'pods', device);
    await chmod(keyPath(dataDir, 'pods'), 0o640);
    const refused = await keepNodeKey(depsWith(), 'pods', device).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CatalogueError);
    expect(refused).toMatchObject({ code: 'config.invalid', message: expect.stringContaining('0640') });
    expect((refused as CatalogueError).remedy).toContain('chmod 600');
  });

  it('that holds something else is refused and left as it is', async () => {
    const path = join(dataDir, 'key');
    await writeFile(path, 'not a key\n', { mode: 0o600 });
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'config.invalid' });
    expect(await readFile(path, 'utf8')).toBe('not a key\n');
  });

  it('is never overwritten', async () => {
    const path = join(dataDir, 'keys', 'mesh');
    const { privateKey } = keys.generate();
    await createKeyFile(path, privateKey);
    await expect(createKeyFile(path, keys.generate().privateKey)).rejects.toMatchObject({ code: 'EEXIST' });
    expect((await readKeyFile(path))?.reveal()).toBe(privateKey.reveal());
  });
});
