/** Credentials are checked before they are used, and renewed in place; what is broken changes nothing and is told once. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type Log, silentLog, systemClock } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import { TestAuthority, writeCredentials } from '@wgcni/testing/pki';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CredentialPaths } from './credential-paths.ts';
import { expectAnybody, expectIdentity } from './expect-identity.ts';
import { KeptCredentials, type KeptCredentialsOptions } from './kept-credentials.ts';

let authority: TestAuthority;
let dir: string;
let paths: CredentialPaths;
let logged: { event: string; fields: object }[];
const clock = new ManualClock();

beforeAll(async () => {
  authority = await TestAuthority.create();
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wgcni-pki-'));
  logged = [];
  paths = await authority.write(dir, 'n1', { uris: ['wgcni://main/node/n1'] });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const accept = expectIdentity({ kind: 'node', cluster: 'main', nodeId: 'n1' });
const note = (fields: object, event: string): void => void logged.push({ event, fields });
const log: Log = { ...silentLog, info: note, warn: note, error: note };
const open = (change: Partial<KeptCredentialsOptions> = {}): Promise<KeptCredentials> =>
  KeptCredentials.open({ paths, accept, clock, log, ...change });
const refusal = async (): Promise<{ message: string; remedy: string; code: string }> =>
  open().then(
    () => ({ message: 'taken', remedy: '', code: '' }),
    (error: { message: string; remedy: string; code: string }) => error,
  );

describe('credentials at the start', () => {
  it('say who we are, and show their key to nobody', async () => {
    const { current } = await open();
    expect(current.identity).toEqual({ kind: 'node', cluster: 'main', nodeId: 'n1' });
    const secret = current.key.reveal().split('\n')[1] ?? '';
    expect(secret.length).toBeGreaterThan(40);
    expect(inspect([current, logged], { depth: 9, showHidden: true }) + JSON.stringify(current)).not.toContain(secret);
  });

  it.each(['640', '604', '660', '610'])('are refused when others may use the key (mode %s)', async (mode) => {
    await chmod(paths.key, Number.parseInt(mode, 8));
    const { message, remedy, code } = await refusal();
    expect([code, remedy]).toEqual(['config.invalid', `chmod 600 ${paths.key}`]);
    expect(message).toContain(`--tls-key ${paths.key} has mode 0${mode}`);
  });

  it.each([
    ['a certificate that is none', 'cert', 'none', '--tls-cert'],
    ['a key that is none', 'key', 'none', '--tls-key'],
    ['authorities that are none', 'ca', 'none', '--tls-ca'],
  ] as const)('are refused with %s, by flag and file', async (_, part, text, flag) => {
    await writeFile(paths[part], text, { mode: 0o600 });
    expect((await refusal()).message).toContain(`${flag} ${paths[part]} does not hold`);
  });

  it('are refused without the file, and with the key of another certificate', async () => {
    const { key } = await authority.issue({ uris: ['wgcni://main/node/n1'] });
    await writeFile(paths.key, key, { mode: 0o600 });
    expect((await refusal()).message).toContain(`is not the key of ${paths.cert}`);
    await rm(paths.ca);
    expect((await refusal()).message).toContain(`--tls-ca ${paths.ca} cannot be read`);
  });

  it('are refused when they are of somebody else, or of nobody', async () => {
    paths = await authority.write(dir, 'n2', { uris: ['wgcni://main/node/n2'] });
    expect(await refusal()).toMatchObject({
      message: expect.stringContaining('is of wgcni://main/node/n2') as string,
      remedy: expect.stringContaining('URI:wgcni://main/node/n1') as string,
    });
    paths = await authority.write(dir, 'nobody', {});
    expect((await refusal()).message).toContain('names nobody of a cluster');
    await expect(open({ accept: expectAnybody })).rejects.toThrow('names nobody of a cluster');
  });

  it('that have expired are taken, and told: what they are refused for is for others to say', async () => {
    paths = await authority.write(dir, 'old', { uris: ['wgcni://main/node/n1'], validForMs: -1_000 });
    await open({ clock: systemClock });
    expect(logged).toMatchObject([{ event: 'credentials.read', fields: { isExpired: true } }]);
  });
});

describe('renewed files', () => {
  it('of another name are gone over to when they can be used, and looked at from then on', async () => {
    const kept = await open();
    const before = kept.current;
    const other = await authority.write(dir, 'n2', { uris: ['wgcni://main/node/n2'] });
    await expect(kept.moveTo(other)).rejects.toThrow('is of wgcni://main/node/n2');
    expect([kept.current, kept.paths]).toEqual([before, paths]);
    const next = await authority.write(dir, 'next', { uris: ['wgcni://main/node/n1'] });
    let changes = 0;
    kept.onChange(() => (changes += 1));
    await kept.moveTo(next);
    await rm(paths.cert);
    await kept.look();
    expect([kept.current === before, kept.paths, changes]).toEqual([false, next, 1]);
  });

  it('are taken over within one look, and told', async () => {
    const kept = await open();
    const before = kept.current;
    let changes = 0;
    const forget = kept.onChange(() => (changes += 1));
    await kept.look();
    expect([kept.current === before, changes]).toEqual([true, 0]);
    await authority.write(dir, 'n1', { uris: ['wgcni://main/node/n1'] });
    await kept.look();
    expect([kept.current === before, changes]).toEqual([false, 1]);
    expect(logged.at(-1)).toMatchObject({ event: 'credentials.renewed', fields: { identity: 'wgcni://main/node/n1' } });
    forget();
    await authority.write(dir, 'n1', { uris: ['wgcni://main/node/n1'] });
    await kept.look();
    expect(changes).toBe(1);
  });

  it.each([
    ['a certificate whose key is not there yet', () => writeFile(paths.cert, other.cert)],
    ['a key that others may use', () => chmod(paths.key, 0o644)],
    ['half a file', () => writeFile(paths.cert, '-----BEGIN CERTIFICATE-----\nMII')],
    ['no file', () => rm(paths.key)],
    ['the certificate of another', () => writeCredentials(join(dir, 'n1'), { ...other, ca: authority.ca })],
  ])('with %s change nothing and are told once, until they are good', async (_, spoil) => {
    const kept = await open();
    const before = kept.current;
    await spoil();
    for (let looks = 0; looks < 3; looks += 1) await kept.look();
    expect(kept.current).toBe(before);
    expect(logged.map(({ event }) => event)).toEqual(['credentials.read', 'credentials.refused']);
    await authority.write(dir, 'n1', { uris: ['wgcni://main/node/n1'] });
    await kept.look();
    expect(kept.current).not.toBe(before);
    expect(logged.at(-1)?.event).toBe('credentials.renewed');
  });

  let other: { cert: string; key: string };
  beforeAll(async () => {
    other = await authority.issue({ uris: ['wgcni://main/node/n2'] });
  });

  it('are looked for every ten seconds, and no more once the process stops', async () => {
    const kept = await open();
    const stop = new AbortController();
    let looks = 0;
    kept.look = async () => void (looks += 1);
    const running = kept.run(stop.signal);
    await clock.advance(9_999);
    expect(looks).toBe(0);
    await clock.advance(1);
    await clock.advance(10_000);
    expect(looks).toBe(2);
    stop.abort();
    await running;
  });
});

it('tells once that a third of a life is left, and begins anew with what is renewed', async () => {
  const dayMs = 86_400_000;
  const now = new ManualClock(Date.now());
  // It began two days ago: a third of its life is left in four days.
  paths = await authority.write(dir, 'n1', { uris: ['wgcni://main/node/n1'], validForMs: 7 * dayMs });
  const kept = await open({ clock: now, everyMs: dayMs });
  const stop = new AbortController();
  const look = kept.look.bind(kept);
  kept.look = async () => {};
  const running = kept.run(stop.signal);
  const warnings = (): object[] => logged.filter(({ event }) => event === 'credentials.expires-soon');
  await now.advance(3 * dayMs);
  expect(warnings()).toEqual([]);
  await now.advance(3 * dayMs);
  expect(warnings()).toMatchObject([{ fields: { use: 'tls', endsInSec: expect.any(Number) as number } }]);
  await authority.write(dir, 'n1', { uris: ['wgcni://main/node/n1'], validForMs: 100 * dayMs });
  await look();
  await now.advance(dayMs);
  expect(warnings()).toHaveLength(1);
  await now.advance(60 * dayMs);
  expect(warnings()).toHaveLength(2);
  stop.abort();
  await running;
});
