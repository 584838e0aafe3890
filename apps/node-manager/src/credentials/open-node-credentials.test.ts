/** A node that has joined starts by what it got then, whatever became of its token since. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicKey } from 'node:crypto';
import { silentLog, systemRandom } from '@wgcni/base';
import { drawToken, formatToken, generateKeyPair } from '@wgcni/pki';
import { Authority, subjectOf } from '@wgcni/pki/authority';
import { ManualClock } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../config.ts';
import { hasJoined, JoinedFiles } from './joined-files.ts';
import { openNodeCredentials } from './open-node-credentials.ts';

const own = { kind: 'node' as const, cluster: 'main', nodeId: 'n1' };
const token = drawToken('ab'.repeat(32), systemRandom);

describe('a node that is told to join', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-open-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const tokenPath = (): string => join(dir, 'token');

  /** What it shows, when it was started with that file for its token; nobody is at the other end. */
  async function shown(): Promise<string | undefined> {
    const argv = [
      ...['--node-id', 'n1', '--cluster', 'main', '--data-dir', dir, '--join', tokenPath()],
      ...['--etcd', 'https://127.0.0.1:9', '--manager', 'https://127.0.0.1:9'],
    ];
    const config = parseConfig({ argv, env: {}, hostname: 'n1' }, hasJoined);
    const stop = new AbortController();
    const deps = { clock: new ManualClock(Date.now()), random: systemRandom, log: silentLog };
    const { tls, manager, ended } = await openNodeCredentials(config, deps, stop.signal);
    stop.abort();
    await Promise.all([ended, manager.close()]);
    return tls?.current.cert;
  }

  /** As after it has joined by the token. */
  async function joined(): Promise<string> {
    const files = new JoinedFiles(dir);
    const authority = await Authority.open(await Authority.create('main', Date.now()));
    const key = await files.keyFor(token.id, () => generateKeyPair().key);
    const publicKey = createPublicKey(key.reveal());
    const cert = await authority.issue({
      ...{ subject: subjectOf(own), publicKey, lifeMs: 3_600_000, wallMs: Date.now() },
    });
    await files.keep(token.id, cert, authority.trusted);
    return cert;
  }

  it('does not join anew by the token that it has used, and goes on when its file was taken away', async () => {
    await writeFile(tokenPath(), formatToken(token).reveal());
    const cert = await joined();
    expect(await shown()).toBe(cert);
    await rm(tokenPath());
    expect(await shown()).toBe(cert);
  });

  it('does not start without the file when it never joined, nor with one that holds no token', async () => {
    await expect(shown()).rejects.toMatchObject({ code: 'config.invalid', field: '--join' });
    await joined();
    await writeFile(tokenPath(), 'hunter2');
    await expect(shown()).rejects.toMatchObject({ code: 'config.invalid', field: '--join' });
  });
});
