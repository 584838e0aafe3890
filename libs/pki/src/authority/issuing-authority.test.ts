/** A cluster-manager's authority issues to it, renews by itself, and goes over to its successor when the files do. */
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, silentLog } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityIn } from '../identity.ts';
import { certificatesIn } from '../pem.ts';
import { Authority, type AuthorityTexts } from './authority.ts';
import { IssuingAuthority } from './issuing-authority.ts';

const own = { kind: 'manager' as const, cluster: 'main', replicaId: 'm1' };
const dayMs = 86_400_000;

describe('the authority of a cluster-manager', () => {
  let dir: string;
  let clock: ManualClock;
  let events: string[];
  const log = (): Log => {
    const note = (_: object, event: string): void => void events.push(event);
    return { ...silentLog, info: note, warn: note, error: note };
  };
  const options = () => ({
    paths: { use: 'authority' as const, cert: join(dir, 'a.pem'), key: join(dir, 'a.key'), ca: join(dir, 'a.pem') },
    own,
    names: ['127.0.0.1'],
    clock,
    log: log(),
  });
  async function write({ cert, key }: AuthorityTexts): Promise<void> {
    await writeFile(join(dir, 'a.pem'), cert);
    await writeFile(join(dir, 'a.key'), key.reveal(), { mode: 0o600 });
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-authority-'));
    clock = new ManualClock();
    events = [];
    await write(await Authority.create('main', clock.wallMs()));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('issues to its own process, with the authority in the chain that is shown', async () => {
    const kept = await IssuingAuthority.open(options());
    const [shown, authority] = certificatesIn(kept.current.cert);
    expect(identityIn(shown?.subjectAltName)).toEqual(own);
    expect(shown?.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(authority?.toString()).toBe(kept.trusted);
    expect(kept.current.identity).toEqual(own);
  });

  it('renews its own certificate, with another key, at two thirds of its life', async () => {
    const kept = await IssuingAuthority.open(options());
    const before = kept.current;
    let changes = 0;
    kept.onChange(() => (changes += 1));
    await clock.advance(4 * dayMs);
    await kept.look();
    expect(kept.current).toBe(before);
    await clock.advance(dayMs);
    await kept.look();
    expect(changes).toBe(1);
    expect(kept.current.key.reveal()).not.toBe(before.key.reveal());
    expect(kept.current.validToMs).toBeGreaterThan(before.validToMs);
    expect(events).toEqual(['authority.read', 'credentials.renewed']);
  });

  it('goes over to a successor, and stays with the last good one when the files are broken', async () => {
    const kept = await IssuingAuthority.open(options());
    const first = kept.authority;
    await chmod(join(dir, 'a.key'), 0o644);
    await kept.look();
    await kept.look();
    expect(kept.authority).toBe(first);
    expect(events).toEqual(['authority.read', 'credentials.refused']);
    await chmod(join(dir, 'a.key'), 0o600);
    await write(await first.succeedBy(await Authority.create('main', clock.wallMs())));
    await kept.look();
    expect(kept.authority.digest).not.toBe(first.digest);
    expect(kept.authority.hasIssued(new X509Certificate(kept.current.cert))).toBe(true);
    expect(events.at(-1)).toBe('authority.replaced');
  });

  it("refuses a key that is not the authority's, and names the flag", async () => {
    await writeFile(join(dir, 'a.key'), (await Authority.create('main', 0)).key.reveal(), { mode: 0o600 });
    await expect(IssuingAuthority.open(options())).rejects.toMatchObject({
      code: 'config.invalid',
      field: '--authority-cert',
    });
  });

  it.each([
    ['unreadable', () => rm(join(dir, 'a.pem'))],
    [
      'of another authority',
      async () => writeFile(join(dir, 'a.key'), (await Authority.create('main', 0)).key.reveal()),
    ],
  ])('renews its own certificate by the authority that it has when the files are %s', async (_, spoil) => {
    const kept = await IssuingAuthority.open(options());
    const { authority, current } = kept;
    await spoil();
    await kept.look();
    expect(kept.current).toBe(current);
    await clock.advance(5 * dayMs);
    await kept.look();
    expect(kept.current.validToMs).toBeGreaterThan(clock.wallMs() + 6 * dayMs);
    expect(authority.hasIssued(new X509Certificate(kept.current.cert))).toBe(true);
    expect(kept.trusted).toBe(current.ca);
    expect(events.splice(0)).toEqual([
      'authority.read',
      'credentials.refused',
      'credentials.renewal-failed',
      'credentials.renewed',
    ]);
    await write(await authority.succeedBy(await Authority.create('main', clock.wallMs())));
    await kept.look();
    expect(events).toEqual(['authority.replaced']);
  });

  it('warns once an hour while nothing can be issued, and keeps what it has', async () => {
    const kept = await IssuingAuthority.open(options());
    const before = kept.current;
    // The last instant that a date can name: no certificate can end after it.
    await clock.advance(8.64e15 - 3 * 3_600_000 - clock.wallMs());
    for (const waitMs of [0, 10_000, 3_580_000, 10_000, 10_000]) {
      await clock.advance(waitMs);
      await kept.look();
    }
    expect(kept.current).toBe(before);
    expect(events).toEqual(['authority.read', 'credentials.renewal-failed', 'credentials.renewal-failed']);
  });

  it('refuses to trust others than its own authority, and takes none over that would', async () => {
    const paths = { ...options().paths, ca: join(dir, 'ca.pem') };
    const refused = {
      code: 'config.invalid',
      field: '--authority-ca',
      message: expect.stringContaining('ca.pem') as string,
    };
    await writeFile(paths.ca, (await Authority.create('main', 0)).cert);
    await expect(IssuingAuthority.open({ ...options(), paths })).rejects.toMatchObject(refused);
    const good = await readFile(paths.cert, 'utf8');
    await writeFile(paths.ca, good);
    const kept = await IssuingAuthority.open({ ...options(), paths });
    await writeFile(paths.ca, (await Authority.create('main', 0)).cert);
    await kept.look();
    expect(kept.trusted).toBe(good);
    expect(events).toEqual(['authority.read', 'credentials.refused']);
  });
});
