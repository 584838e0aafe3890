/** What a node starts on: what it has, if that can be used; else what a token brings; never nothing by accident. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CatalogueError, type Log, type Secret, silentLog, systemClock, systemRandom } from '@wgcni/base';
import { drawToken, formatToken, type JoinToken, publicKeyDigest } from '@wgcni/pki';
import { createPrivateKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../config.ts';
import { JoinableManager } from '../testing/joinable-manager.ts';
import { hasJoined, JoinedFiles } from './joined-files.ts';
import { type NodeCredentials, openNodeCredentials } from './open-node-credentials.ts';

describe('the credentials that a node starts on', () => {
  let dir: string;
  let files: JoinedFiles;
  let manager: JoinableManager;
  let stop: AbortController;
  let opened: NodeCredentials[];
  let errors: { event: string; fields: object }[];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-opened-'));
    files = new JoinedFiles(dir);
    manager = await JoinableManager.start();
    [stop, opened, errors] = [new AbortController(), [], []];
  });
  afterEach(async () => {
    await end();
    await manager.close();
    await rm(dir, { recursive: true });
  });

  /** As a process ends. */
  async function end(): Promise<void> {
    stop.abort(new Error('stopped'));
    for (const each of opened.splice(0)) {
      await each.ended;
      await each.manager.close();
    }
    stop = new AbortController();
  }

  const newToken = (): JoinToken => drawToken(manager.digest, systemRandom);
  const keyOf = (key: Secret | undefined): string => publicKeyDigest(createPrivateKey(key?.reveal() ?? ''));
  const log: Log = { ...silentLog, error: (fields: object, event: string) => void errors.push({ event, fields }) };

  async function start(token?: JoinToken | string, ...more: string[]): Promise<NodeCredentials> {
    const argv = [
      ...['--etcd', 'https://127.0.0.1:1', '--cluster', 'main', '--manager', manager.url],
      ...['--node-id', 'n1', '--data-dir', dir, ...more],
      ...(token === undefined ? [] : ['--join', typeof token === 'string' ? token : formatToken(token).reveal()]),
    ];
    const config = parseConfig({ argv, env: {}, hostname: 'h' }, hasJoined);
    const credentials = await openNodeCredentials(
      config,
      { clock: systemClock, random: systemRandom, log },
      stop.signal,
    );
    opened.push(credentials);
    return credentials;
  }

  /** Joined once, and ended. */
  async function joined(): Promise<JoinToken> {
    const token = newToken();
    await start(token);
    await end();
    return token;
  }

  it('are those of the token, which a first join waits for, and a refusal is thrown', async () => {
    manager.refusals.push(new CatalogueError('token.refused', 'no'));
    await expect(start(newToken())).rejects.toMatchObject({ code: 'token.refused' });
    const token = newToken();
    const { tls } = await start(token);
    expect(await files.current()).toBe(token.id);
    expect(manager.asked.at(-1)).toBe(keyOf(tls?.current.key));
  });

  it('are what it has when another token is refused, which is only logged', async () => {
    const before = await joined();
    manager.refusals.push(new CatalogueError('token.refused', 'no'));
    const { tls } = await start(newToken());
    expect(tls?.current.identity).toMatchObject({ nodeId: 'n1' });
    await expect.poll(() => errors).toMatchObject([{ event: 'join.refused', fields: { code: 'token.refused' } }]);
    expect(await files.current()).toBe(before.id);
  });

  it('are what it has while nobody answers', async () => {
    await joined();
    await manager.close();
    expect((await start(newToken())).tls?.current.identity).toMatchObject({ nodeId: 'n1' });
    manager = await JoinableManager.start(manager.authority);
  });

  it('go over to those of another token while it runs, with the key that it has', async () => {
    await joined();
    const token = newToken();
    const { tls } = await start(token);
    const before = tls?.current;
    await expect.poll(() => tls?.current === before).toBe(false);
    expect(keyOf(tls?.current.key)).toBe(keyOf(before?.key));
    expect(new Set(manager.asked).size).toBe(1);
    expect(await files.current()).toBe(token.id);
    expect(tls?.current.cert).toBe(await readFile(files.pathsOf(token.id).cert, 'utf8'));
  });

  it('are those of another token, with another key, when --take-over is said with it', async () => {
    await joined();
    const token = newToken();
    const { tls } = await start(token, '--take-over');
    expect(tls?.current.cert).toBe(await readFile(files.pathsOf(token.id).cert, 'utf8'));
    expect(new Set(manager.asked).size).toBe(2);
    manager.refusals.push(new CatalogueError('token.refused', 'no'));
    await expect(start(newToken(), '--take-over')).rejects.toMatchObject({ code: 'token.refused' });
  });

  it('are those of another token when what it has cannot be used', async () => {
    const { id } = await joined();
    await writeFile(files.pathsOf(id).cert, 'spoilt');
    const token = newToken();
    await start(token);
    expect(await files.current()).toBe(token.id);
  });

  it('are what a join left that crashed before its last step: nobody is asked again', async () => {
    const token = await joined();
    await rm(join(dir, 'credentials', 'current'));
    manager.refusals.push(new CatalogueError('token.refused', 'no'));
    await start(token);
    expect([await files.current(), manager.asked.length]).toEqual([token.id, 1]);
  });

  it.each(['cert', 'ca'] as const)('are asked for again when the crash left a %s that is not whole', async (part) => {
    const token = await joined();
    await rm(join(dir, 'credentials', 'current'));
    await rm(files.pathsOf(token.id)[part]);
    await start(token);
    expect(manager.asked).toHaveLength(2);
    expect(new Set(manager.asked).size).toBe(1);
  });

  it('are what it has when the file of its token was taken away, and none before it has joined', async () => {
    const path = join(dir, 'token');
    await expect(start(path)).rejects.toMatchObject({ code: 'config.invalid', field: '--join' });
    await joined();
    expect((await start(path)).tls?.current.identity).toMatchObject({ nodeId: 'n1' });
    expect(manager.asked).toHaveLength(1);
    await writeFile(path, 'hunter2', { mode: 0o600 });
    await expect(start(path)).rejects.toMatchObject({ code: 'config.invalid', field: '--join' });
  });

  it('are never none by accident', async () => {
    await joined();
    await writeFile(join(dir, 'credentials', 'current'), '');
    await expect(start()).rejects.toMatchObject({ code: 'config.invalid' });
    // Gone between the look of the configuration and this one.
    const argv = ['--etcd', 'https://127.0.0.1:1', '--cluster', 'main', '--manager', manager.url, '--data-dir', dir];
    const config = parseConfig({ argv, env: {}, hostname: 'n1' }, hasJoined);
    await rm(join(dir, 'credentials', 'current'));
    const deps = { clock: systemClock, random: systemRandom, log };
    await expect(openNodeCredentials(config, deps, stop.signal)).rejects.toMatchObject({
      code: 'config.invalid',
      field: '--join',
    });
  });
});
