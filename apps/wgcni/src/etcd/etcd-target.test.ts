/** Nobody is let near etcd's users who would lock themselves out, or names what cannot be. */
import { TestAuthority } from '@wgcni/testing/pki';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdTarget, type EtcdFlags } from './etcd-target.ts';

describe('the etcd that is named', () => {
  let dir: string;
  let authority: TestAuthority;
  let good: EtcdFlags;

  const flagsOf = async (commonName: string): Promise<EtcdFlags> => {
    const { cert, key, ca } = await authority.write(dir, commonName, { commonName }, 'etcd');
    return { etcd: 'https://192.0.2.1:2379', cluster: 'main', etcdCert: cert, etcdKey: key, etcdCa: ca };
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-test-'));
    authority = await TestAuthority.create();
    good = await flagsOf('root');
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('is administered by root, for the users that are the common names of the cluster', async () => {
    const { options, users } = await etcdTarget({
      ...good,
      etcd: 'https://192.0.2.1:2379, https://[2001:db8::1]:2379/',
    });
    expect(users).toEqual({ cluster: 'main', manager: 'manager.main', node: 'node.main' });
    expect(options.urls).toEqual(['https://192.0.2.1:2379', 'https://[2001:db8::1]:2379']);
    expect(options.credentials?.current.cert).toContain('BEGIN CERTIFICATE');
  });

  it.each(['manager.main', 'Root', 'root.main', 'operator.main'])(
    'is not touched by the certificate of %s',
    async (name) => {
      await expect(etcdTarget(await flagsOf(name))).rejects.toMatchObject({
        code: 'config.invalid',
        field: '--etcd-cert',
        message: expect.stringContaining(`the common name ${name}`) as string,
        remedy: expect.stringContaining('common name root') as string,
      });
    },
  );

  it.each<[string, Partial<EtcdFlags>, string]>([
    ['without encryption', { etcd: 'http://192.0.2.1:2379' }, '--etcd'],
    ['that is no URL', { etcd: 'https://192.0.2.1:2379,nowhere' }, '--etcd'],
    ['with a path', { etcd: 'https://192.0.2.1:2379/v3' }, '--etcd'],
    ['of a cluster whose name climbs', { cluster: '../main' }, '--cluster'],
    ['of a cluster whose name no common name can hold', { cluster: 'x'.repeat(57) }, '--cluster'],
  ])('is refused %s', async (_, over, field) => {
    await expect(etcdTarget({ ...good, ...over })).rejects.toMatchObject({ code: 'config.invalid', field });
  });

  it('needs a certificate', async () => {
    const { etcd, cluster } = good;
    await expect(etcdTarget({ etcd, cluster })).rejects.toMatchObject({ field: '--etcd-cert' });
  });
});
