/** A node joins at whichever manager can take it, and writes nothing that it could not live by. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CatalogueError, silentLog, systemRandom } from '@wgcni/base';
import { drawToken } from '@wgcni/pki';
import { ManualClock } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JoinableManager } from '../testing/joinable-manager.ts';
import { joinCluster } from './join.ts';
import { JoinedFiles } from './joined-files.ts';

const own = { kind: 'node' as const, cluster: 'main', nodeId: 'n1' };

describe('joining', () => {
  let dir: string;
  let files: JoinedFiles;
  let first: JoinableManager;
  let second: JoinableManager;
  let stranger: JoinableManager;
  const stop = new AbortController();
  /** Nobody moves this clock on: whoever sleeps never joins. */
  const clock = new ManualClock();

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-join-'));
    files = new JoinedFiles(dir);
    first = await JoinableManager.start();
    second = await JoinableManager.start(first.authority);
    stranger = await JoinableManager.start();
  });
  afterEach(async () => {
    await Promise.all([first, second, stranger].map((each) => each.close()));
    await rm(dir, { recursive: true });
  });

  const joins = (managers: readonly JoinableManager[]) => {
    const token = drawToken(first.digest, systemRandom);
    const urls = managers.map(({ url }) => url);
    const deps = { files, token, own, managers: urls, clock, random: systemRandom, log: silentLog };
    return joinCluster(deps, stop.signal);
  };

  it(
    'goes on to the next manager when one cannot answer, and sleeps only after the last',
    { timeout: 10_000 },
    async () => {
      first.refusals.push(new CatalogueError('leader.absent', 'no'));
      const paths = await joins([first, second]);
      expect([first.asked.length, second.asked]).toEqual([1, first.asked]);
      expect(await files.current()).toBe(/([0-9a-f]{16})\.cert\.pem$/.exec(paths.cert)?.[1]);
    },
  );

  it('passes a stranger over, and says nothing to it', async () => {
    await joins([stranger, second]);
    expect(stranger.asked).toEqual([]);
  });

  it('ends when only strangers answer', async () => {
    await expect(joins([stranger])).rejects.toMatchObject({ code: 'authority.unknown' });
  });

  it('ends at the first refusal: another manager would say the same', async () => {
    first.refusals.push(new CatalogueError('token.refused', 'no'));
    await expect(joins([first, second])).rejects.toMatchObject({ code: 'token.refused' });
    expect(second.asked).toEqual([]);
  });

  it('keeps nothing of a certificate that none of the answered authorities vouches for', async () => {
    first.authorities = stranger.authorities;
    await expect(joins([first])).rejects.toThrow(/none of the authorities .* vouches/);
    expect(await files.current()).toBeUndefined();
    await joins([first, second]);
    expect(await files.current()).toBeDefined();
  });
});
