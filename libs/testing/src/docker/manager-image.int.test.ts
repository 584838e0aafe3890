/**
 * The shipped image of the cluster-manager, built and run as its README says: it serves as nobody, with nothing to write and nothing allowed.
 *
 *   the test ── TLS ── published port ── container: node, one bundle ── etcd of the integration tests
 */
import { randomBytes } from 'node:crypto';
import { chown, cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createManagerClient } from '@wgcni/api';
import { checkCredentials, type Credentials, readCredentialTexts } from '@wgcni/pki';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../lab/until.ts';
import { TestAuthority } from '../pki/test-authority.ts';
import { peerNetwork, testEtcdEndpoints, testEtcdPki, variables } from './member.ts';
import { importImage } from './program-image.ts';

const root = resolve(import.meta.dirname, '../../../..');
const [base, image] = ['wgcni/node:local', 'wgcni/wireguard-cni:local'];
/** Of `USER` in the Dockerfile. */
const nobody = 64_000;
const port = 27_001;

describe('the image of the cluster-manager', () => {
  const name = `manager-${randomBytes(4).toString('hex')}`;
  const cluster = `image-${randomBytes(4).toString('hex')}`;
  const engine = process.env[variables.dockerHost] ?? '';
  const address = new URL(testEtcdEndpoints()[0] ?? '').hostname;
  const url = `https://${address}:${port}`;
  let dir: string;
  let operator: Credentials;

  const docker = async (...argv: string[]): Promise<string> => {
    const { stdout } = await execa('docker', argv, { env: { DOCKER_HOST: engine, DOCKER_BUILDKIT: '0' } });
    return stdout;
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-image-pki-'));
    const authority = await TestAuthority.create();
    const paths = await authority.write(dir, 'olga', { uris: [`wgcni://${cluster}/operator/admin/olga`] });
    operator = checkCredentials(paths, await readCredentialTexts(paths));
    await authority.write(dir, 'm1', { uris: [`wgcni://${cluster}/manager/m1`], addresses: [address] });
    const own = join(dir, 'm1');
    await cp(testEtcdPki(), join(own, 'etcd'), { recursive: true });
    for (const path of ['.', ...(await readdir(own, { recursive: true }))])
      await chown(join(own, path), nobody, nobody);
    await importImage({ name: base, programs: [process.execPath] }, engine, AbortSignal.timeout(60_000));
    const dockerfile = join(root, 'deploy/docker/Dockerfile');
    await docker('build', '--tag', image, '--file', dockerfile, '--build-arg', `BASE=${base}`, root);
    await docker(
      ...['run', '--detach', '--name', name, '--network', peerNetwork, '--publish', `${port}:7001`],
      ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--volume', `${own}:/pki:ro`],
      ...['--env', `WGCNI_ETCD=${testEtcdEndpoints().join(',')}`, '--env', 'WGCNI_ETCD_CERT=/pki/etcd/cert.pem'],
      ...['--env', 'WGCNI_ETCD_KEY=/pki/etcd/key.pem', '--env', 'WGCNI_ETCD_CA=/pki/etcd/ca.pem'],
      ...['--env', `WGCNI_CLUSTER=${cluster}`, '--env', 'WGCNI_REPLICA_ID=m1'],
      ...['--env', 'WGCNI_LISTEN=0.0.0.0:7001', '--env', `WGCNI_ADVERTISE=${url}`],
      ...['--env', 'WGCNI_BOOTSTRAP=true', '--env', 'WGCNI_POOL=10.64.0.0/12:24'],
      ...['--env', 'WGCNI_TLS_CERT=/pki/cert.pem', '--env', 'WGCNI_TLS_KEY=/pki/key.pem'],
      ...['--env', 'WGCNI_TLS_CA=/pki/ca.pem', image],
    );
  });
  afterAll(async () => {
    await docker('rm', '--force', name);
    await rm(dir, { recursive: true });
  });

  it('serves over TLS', async () => {
    const client = createManagerClient({ urls: [url], credentials: { current: operator, onChange: () => () => {} } });
    const network = await until(20_000, 'the network', () => client.network()).catch(async (cause: unknown) => {
      throw new Error(await docker('logs', name), { cause });
    });
    await client.close();
    expect(network.pools).toMatchObject([{ cidr: '10.64.0.0/12' }]);
  });

  it('is nobody, and may do nothing', async () => {
    const pid = await docker('inspect', '--format', '{{.State.Pid}}', name);
    // The engine counts processes in a pid namespace of its own.
    const enter = ['--target', process.env[variables.enginePid] ?? '', '--pid', '--mount'];
    const { stdout } = await execa('nsenter', [...enter, 'cat', `/proc/${pid}/status`]);
    const ids = Array.from({ length: 4 }, () => nobody).join('\t');
    const none = '0'.repeat(16);
    const wanted = { Uid: ids, Gid: ids, CapEff: none, CapPrm: none, CapBnd: none, NoNewPrivs: '1', Seccomp: '2' };
    for (const [field, value] of Object.entries(wanted)) expect(stdout.split('\n')).toContain(`${field}:\t${value}`);
  });

  it('finds no shell in its image, and no place to write to', async () => {
    await expect(docker('exec', name, 'sh', '-c', 'true')).rejects.toThrow(/executable file not found/);
    const write = `require('node:fs').writeFileSync('/usr/lib/wgcni/x', '')`;
    await expect(docker('exec', name, 'node', '--eval', write)).rejects.toThrow(/EROFS/);
  });

  it('ends cleanly when it is told to', async () => {
    await docker('stop', name);
    expect(await docker('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0');
    expect((await execa('docker', ['logs', name], { env: { DOCKER_HOST: engine } })).stderr).toContain(
      'replica.stopped',
    );
  });
});
