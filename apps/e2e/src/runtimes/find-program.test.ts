/** Where the tests find a runtime that has no package. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram, whyNotRun } from './find-program.ts';

describe('the programs of runtimes', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-find-'));
    await writeFile(join(dir, 'nomad'), '');
    await chmod(join(dir, 'nomad'), 0o755);
    await writeFile(join(dir, 'crio'), '');
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('are found in PATH, and nowhere else', async () => {
    expect(await findProgram('nomad', { PATH: `/nowhere:${dir}` })).toBe(join(dir, 'nomad'));
    expect(await findProgram('nomad', { PATH: '/nowhere' })).toBeUndefined();
    expect(await findProgram('crio', { PATH: dir })).toBeUndefined();
  });

  it('are those that a variable names, which must be there', async () => {
    expect(await findProgram('nomad', { NOMAD: join(dir, 'nomad'), PATH: '/nowhere' })).toBe(join(dir, 'nomad'));
    await expect(findProgram('crio', { CRIO: join(dir, 'crio'), PATH: dir })).rejects.toThrow(/^CRIO=.*crio is not/);
  });

  it('are named where they are missing', () => {
    expect(whyNotRun({ crio: '/bin/crio', pinns: undefined, runc: undefined })).toBe(' (not run: no pinns, runc here)');
    expect(whyNotRun({ nomad: '/bin/nomad' })).toBe('');
  });
});
