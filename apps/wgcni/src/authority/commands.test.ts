/** An authority is made once, issues what others take, and has a successor whom they take too. */
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificatesIn, identityIn } from '@wgcni/pki';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as commands from './commands.ts';

describe('wgcni authority', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-authority-'));
    await commands.create(at('old'), 'test');
  });
  afterEach(() => rm(dir, { recursive: true }));

  const at = (name: string): string => join(dir, name);
  const read = (...parts: string[]): Promise<string> => readFile(join(dir, ...parts), 'utf8');
  const flags = (from: string) => ({
    ...{ dir: at(from), out: at('issued'), life: '12h', cluster: 'main', role: 'admin', host: ['192.0.2.1'] },
  });

  it('makes a key that nobody else may read, and writes nothing over', async () => {
    expect((await stat(at('old/authority.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(at('old'))).mode & 0o777).toBe(0o700);
    await expect(commands.create(at('old'), 'test')).rejects.toMatchObject({ code: 'config.invalid' });
  });

  it.each([
    ['manager', 'm1', 'CN=manager.main', { kind: 'manager', cluster: 'main', replicaId: 'm1' }],
    ['operator', 'ann', 'CN=operator.main', { kind: 'operator', cluster: 'main', role: 'admin', name: 'ann' }],
    ['etcd', 'etcd1', 'CN=etcd1', undefined],
    ['etcd-root', 'root', 'CN=root', undefined],
  ])('issues to a %s', async (kind, name, subject, identity) => {
    await commands.issue(kind, name, flags('old'));
    const [authority] = certificatesIn(await read('old', 'authority.pem'));
    const issued = new X509Certificate(await read('issued', `${name}.pem`));
    expect([issued.subject, identityIn(issued.subjectAltName)]).toEqual([subject, identity]);
    expect(authority !== undefined && issued.verify(authority.publicKey)).toBe(true);
    expect(Math.round((Date.parse(issued.validTo) - Date.now()) / 3_600_000)).toBe(12);
    expect((await stat(at(`issued/${name}.key`))).mode & 0o777).toBe(0o600);
  });

  it('makes a successor that the old one has certified, and what to trust meanwhile', async () => {
    await commands.rotate(at('old'), at('new'), 'test');
    const [old] = certificatesIn(await read('old', 'authority.pem'));
    const [own, byOld] = certificatesIn(await read('new', 'authority.pem'));
    expect(own?.publicKey.equals(byOld?.publicKey ?? own.publicKey)).toBe(true);
    expect(old !== undefined && byOld?.verify(old.publicKey)).toBe(true);
    expect(certificatesIn(await read('new', 'trusted.pem')).map(String)).toEqual([own, old].map(String));
    await commands.issue('operator', 'bob', flags('new'));
    expect(
      certificatesIn(await read('issued', 'bob.pem'))
        .map(String)
        .slice(1),
    ).toEqual([String(byOld)]);
  });

  it('refuses what no certificate can say, and its own directory for the successor', async () => {
    await expect(commands.issue('node', 'n 1', flags('old'))).rejects.toMatchObject({ code: 'config.invalid' });
    const short = { ...flags('old'), life: '5s' };
    await expect(commands.issue('node', 'n1', short)).rejects.toMatchObject({ field: '--life' });
    await expect(commands.rotate(at('old'), at('old'), 'test')).rejects.toMatchObject({ field: '--out' });
    await expect(commands.issue('node', 'n1', { ...flags('old'), dir: at('none') })).rejects.toMatchObject({
      field: '--dir',
    });
  });
});
