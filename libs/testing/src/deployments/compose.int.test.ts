/**
 * The control plane of `deploy/docker/compose.yaml`, brought up by the steps of its README: it serves, and goes on without one etcd member and
 * without the cluster-manager that led.
 *
 *   the test ── docker-compose ── engine ── etcd1..3, m1..3, wgcni
 */
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdImage } from '../docker/etcd-image.ts';
import { variables } from '../docker/member.ts';
import { importImage } from '../docker/program-image.ts';
import { engineAddress } from '../docker/secure-etcd.ts';
import { until } from '../lab/until.ts';

const root = resolve(import.meta.dirname, '../../../..');
const image = 'wgcni/compose:local';

interface Status {
  leader: { leader: { replicaId: string } | null };
  managers: { replicaId: string; isLeader: boolean; certificate: object }[];
}

describe('the control plane of compose.yaml', () => {
  let dir: string;
  const env = {
    DOCKER_HOST: process.env[variables.dockerHost] ?? '',
    DOCKER_BUILDKIT: '0',
    HOST_ADDRESS: engineAddress(),
    WGCNI_IMAGE: image,
    ETCD_IMAGE: etcdImage,
  };
  const run = (program: string, ...argv: string[]): ResultPromise<{ cwd: string; env: typeof env }> =>
    execa(program, argv, { cwd: dir, env });
  const compose = (...argv: string[]) => run('docker-compose', '--project-name', 'plane', ...argv);
  const wgcni = async (...argv: string[]): Promise<unknown> => {
    const { stdout } = await compose('run', '--rm', '-T', 'wgcni', '--json', ...argv);
    return JSON.parse(stdout);
  };
  const leader = async (): Promise<string> => {
    const { leader } = ((await wgcni('status')) as Status).leader;
    if (leader === null) throw new Error('nobody leads');
    return leader.replicaId;
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-compose-'));
    await cp(join(root, 'deploy/docker'), dir, { recursive: true });
    await importImage(
      { name: 'wgcni/node:local', programs: [process.execPath] },
      env.DOCKER_HOST,
      AbortSignal.timeout(60_000),
    );
    const dockerfile = join(root, 'deploy/docker/Dockerfile');
    await run('docker', 'build', '--tag', image, '--file', dockerfile, '--build-arg', 'BASE=wgcni/node:local', root);
    await writeFile(join(dir, '.env'), 'TOKEN=of somebody else\nWGCNI_IMAGE=old\n', { mode: 0o600 });
    await run(join(dir, 'prepare.sh'));
    await compose('up', '--detach', 'etcd1', 'etcd2', 'etcd3');
    await until(30_000, 'users and roles in etcd', () => wgcni('etcd', 'setup', '--cluster', 'main'));
    await compose('up', '--detach');
  });
  afterAll(async () => {
    await compose('down', '--volumes', '--timeout', '0');
    await rm(dir, { recursive: true });
  });

  it('serves by three replicas with certificates of the authority, one of which leads', async () => {
    await until(30_000, 'a leader', leader);
    const { managers } = (await wgcni('status')) as Status;
    expect(managers.map(({ replicaId }) => replicaId).sort()).toEqual(['m1', 'm2', 'm3']);
    expect(managers.filter(({ isLeader }) => isLeader)).toHaveLength(1);
    for (const { certificate } of managers) expect(certificate).toMatchObject({ isExpiring: false });
  });

  it('gives out a token for a node', async () => {
    expect(await wgcni('token', 'create', '--node', 'n1')).toMatchObject({ nodeId: 'n1' });
  });

  it('goes on without one member of etcd and without the replica that led', async () => {
    const before = await leader();
    await compose('kill', 'etcd2', before);
    await until(30_000, 'another leader', async () => {
      const now = await leader();
      if (now === before) throw new Error(`${now} is said to lead, and is dead`);
    });
    expect(await wgcni('token', 'create', '--node', 'n2')).toMatchObject({ nodeId: 'n2' });
  });

  it('keeps what else stands in .env, and that as closed as it was', async () => {
    const lines = (await readFile(join(dir, '.env'), 'utf8')).trim().split('\n');
    const ours = [`HOST_ADDRESS=${env.HOST_ADDRESS}`, 'WGCNI_CLUSTER=main', `WGCNI_IMAGE=${image}`];
    expect(lines).toEqual(['TOKEN=of somebody else', ...ours]);
    expect((await stat(join(dir, '.env'))).mode & 0o777).toBe(0o600);
  });

  it('does not make a second authority over the first', async () => {
    await expect(run(join(dir, 'prepare.sh'))).rejects.toThrow(/move it away to begin anew/);
  });
});
