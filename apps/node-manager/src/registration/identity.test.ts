/** The identity that a data directory keeps, and whose it is. */
import { systemRandom } from '@wgcni/base';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityPath, keepIdentity, readIdentity, recordIdentity } from './identity.ts';

describe('the identity of a node', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'wgcni-identity-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('is made once and kept', async () => {
    const first = await keepIdentity(dataDir, 'node-1', systemRandom);
    expect(first.instance).toMatch(/^[0-9a-f]{32}$/);
    expect(await keepIdentity(dataDir, 'node-1', systemRandom)).toMatchObject(first);
  });

  it('remembers that the node was deleted', async () => {
    const identity = await keepIdentity(dataDir, 'node-1', systemRandom);
    await recordIdentity(dataDir, { ...identity, isDeleted: true });
    expect(await readIdentity(dataDir)).toMatchObject({ isDeleted: true });
  });

  it('refuses a data directory of another node', async () => {
    await keepIdentity(dataDir, 'node-1', systemRandom);
    const refusal = { code: 'config.invalid', field: '--node-id', remedy: expect.stringContaining('--node-id node-1') };
    await expect(keepIdentity(dataDir, 'node-2', systemRandom)).rejects.toMatchObject(refusal);
  });

  it.each(['', '{', '{"schema":2}', '{"schema":1,"nodeId":"a","instance":"short","isDeleted":false}'])(
    'refuses the unreadable record %s instead of becoming someone new',
    async (text) => {
      await writeFile(identityPath(dataDir), text);
      await expect(keepIdentity(dataDir, 'a', systemRandom)).rejects.toMatchObject({
        code: 'config.invalid',
        field: '--data-dir',
      });
    },
  );
});
