/** What others could read or change is refused: by path, mode and remedy, wherever it stands. */
import { CatalogueError, replaceFile } from '@wgcni/base';
import { systemKeys } from '@wgcni/wg';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyFile } from '../keys/key-file.ts';
import { keyPath } from '../keys/node-key.ts';
import { ownRunDirectory } from '../serve/unix-socket.ts';
import { claimDataDirectory } from './claim.ts';
import { refuseSharedTree } from './custody.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'wgcni-custody-'));
  await createKeyFile(keyPath(dataDir, 'mesh'), systemKeys.generate().privateKey);
  await mkdir(join(dataDir, 'attachments'), { mode: 0o700 });
  await replaceFile(join(dataDir, 'attachments', 'one.json'), '{}');
  await replaceFile(join(dataDir, 'view.json'), '{}');
});
afterEach(() => rm(dataDir, { recursive: true }));

async function refusalOf(tree: string): Promise<CatalogueError> {
  const refusal = await refuseSharedTree(tree, '--data-dir').catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(CatalogueError);
  return refusal as CatalogueError;
}

describe('a directory of ours', () => {
  it('is taken when it is as we make it, and when it is not there yet', async () => {
    await refuseSharedTree(dataDir, '--data-dir');
    await refuseSharedTree(join(dataDir, 'not-yet'), '--data-dir');
  });

  it.each([
    ['.', '0750', 'directory', 'wider than 0700'],
    ['.', '0701', 'directory', 'wider than 0700'],
    ['keys', '0755', 'directory', 'wider than 0700'],
    ['keys/mesh', '0640', 'file', 'wider than 0600'],
    ['keys/mesh', '0602', 'file', 'wider than 0600'],
    ['attachments', '0770', 'directory', 'wider than 0700'],
    ['attachments/one.json', '0604', 'file', 'wider than 0600'],
    ['view.json', '0660', 'file', 'wider than 0600'],
  ])('is refused when %s has mode %s: path, mode and remedy are named', async (name, mode, kind, widest) => {
    const path = join(dataDir, name);
    await chmod(path, Number.parseInt(mode, 8));
    const refusal = await refusalOf(dataDir);
    expect(refusal).toMatchObject({ code: 'config.invalid', field: '--data-dir' });
    expect(refusal.message).toContain(`the ${kind} ${path} has mode ${mode}, ${widest}`);
    expect(refusal.remedy).toContain(`chmod ${kind === 'file' ? '600' : '700'} ${path}`);
    expect(refusal.remedy?.includes('remove it for a new key')).toBe(name === 'keys/mesh');
  });

  it('is refused when it links to what others can read; a link that leads nowhere is fine', async () => {
    const outside = join(dataDir, '..', `${dataDir.split('/').at(-1)}-outside`);
    await symlink(outside, join(dataDir, 'link'));
    await refuseSharedTree(dataDir, '--data-dir');
    await writeFile(outside, '', { mode: 0o644 });
    try {
      expect((await refusalOf(dataDir)).message).toContain(`${join(dataDir, 'link')} has mode 0644`);
    } finally {
      await rm(outside);
    }
  });

  it('is looked at before it is claimed, and free for the next who claims it', async () => {
    await chmod(keyPath(dataDir, 'mesh'), 0o644);
    await expect(claimDataDirectory(dataDir, 0)).rejects.toMatchObject({ message: expect.stringContaining('0644') });
    await chmod(keyPath(dataDir, 'mesh'), 0o600);
    await (await claimDataDirectory(dataDir, 0)).release();
  });
});

describe('the directory of the socket', () => {
  it('is made for us alone', async () => {
    await ownRunDirectory(join(dataDir, 'run', 'node.sock'));
    expect((await stat(join(dataDir, 'run'))).mode & 0o777).toBe(0o700);
  });

  it('is refused when others may enter it, with another place as the first remedy', async () => {
    const run = join(dataDir, 'run');
    await mkdir(run);
    await chmod(run, 0o755);
    const refusal = await ownRunDirectory(join(run, 'node.sock')).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'config.invalid', field: '--socket' });
    expect((refusal as CatalogueError).message).toContain(`${run} has mode 0755`);
    expect((refusal as CatalogueError).remedy).toMatch(/a directory of its own.*chmod 700/);
  });
});
