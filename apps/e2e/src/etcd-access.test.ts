/**
 * A cluster whose etcd knows users: they are set up while it works, and everything after that happens under roles.
 *
 *   c1 c2 ── n1 ── bridge ── etcd ×3, cluster-manager ×2 (one leads), each TLS with client certificates
 *
 * Each certificate has the common name of its role. Nobody's is root's but that of who administers etcd.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dialer } from '@wgcni/api';
import { messageOf } from '@wgcni/base';
import { commonNameOf } from '@wgcni/pki';
import { EtcdStore, keysOf, StoreRefusedError } from '@wgcni/store';
import {
  credentialsOf,
  etcdctlFlags,
  etcdctlName,
  operatorName,
  ping,
  PingMonitor,
  planContainer,
  readCredentials,
  until,
  type NodePlan,
} from '@wgcni/testing';
import { execa } from 'execa';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, type Scenario } from './scenario.ts';

describe('a cluster whose etcd knows users', () => {
  let scene: Scenario;
  beforeAll(async () => {
    const size = { nodes: 1, containersPerNode: 2, managers: 2, etcd: 3 };
    scene = await bringUp(size, { managerFlags: ['--registration-ttl', '6s'] });
  });
  afterAll(() => scene.lab.down());

  const urls = (): string => scene.lab.plan.etcd.map(({ clientUrl }) => clientUrl).join(',');

  /** `wgcni etcd …` with the files of that name. */
  async function wgcniEtcd(
    command: 'setup' | 'status',
    name = etcdctlName,
    cluster = scene.lab.plan.cluster,
    ...more: string[]
  ) {
    const { plan, programs } = scene.lab;
    const file = (part: string): string => join(credentialsOf(plan, name), `${part}.pem`);
    const files = ['--etcd-cert', file('cert'), '--etcd-key', file('key'), '--etcd-ca', file('ca')];
    const args = [programs.wgcni, ...more, 'etcd', command, '--etcd', urls(), '--cluster', cluster, ...files];
    const { exitCode, stdout, stderr } = await execa(process.execPath, args, { reject: false });
    return { exitCode, stdout, stderr };
  }

  /** Who administers etcd by hand. */
  async function etcdctl(...args: string[]): Promise<void> {
    const { plan, programs } = scene.lab;
    const flags = [...etcdctlFlags(plan), '--endpoints', urls(), ...args];
    await execa(programs.etcdctl, flags, { env: { ETCDCTL_API: '3' } });
  }

  async function withStoreOf(name: string, work: (store: EtcdStore) => Promise<void>): Promise<void> {
    const credentials = readCredentials(credentialsOf(scene.lab.plan, name));
    const store = new EtcdStore({ urls: urls().split(','), credentials });
    try {
      await work(store);
    } finally {
      await store.close();
    }
  }

  function theNode(): NodePlan {
    const [node] = scene.lab.plan.nodes;
    if (node === undefined) throw new Error('the lab has no node');
    return node;
  }

  async function drainAndBack(): Promise<true> {
    const client = scene.lab.managerClient();
    try {
      await client.drain(theNode().id);
      await client.undrain(theNode().id);
      return true;
    } finally {
      await client.close();
    }
  }

  it('is told of by its managers, and by status, while everybody may do anything', async () => {
    for (const { log } of scene.lab.plan.managers) expect(await readFile(log, 'utf8')).toContain('"msg":"store.open"');
    await withStoreOf(theNode().id, async (store) => {
      expect((await store.range(keysOf(scene.lab.plan.cluster).control)).items.length).toBeGreaterThan(0);
    });
    expect(await wgcniEtcd('status')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('auth is off: whoever reaches etcd may do anything') as string,
    });
  });

  it("is not set up by anybody's certificate but root's", async () => {
    const [manager] = scene.lab.plan.managers;
    for (const name of [manager?.id ?? '', theNode().id, operatorName])
      expect(await wgcniEtcd('setup', name)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('have a certificate issued with the common name root') as string,
      });
    expect((await wgcniEtcd('status')).stdout).toContain('auth is off');
  });

  it('is set up while it works, without a write that fails or a packet that is lost', async () => {
    const [from, to] = scene.places;
    const monitor = new PingMonitor(from?.netnsPath ?? '', to?.addresses[0] ?? '');
    await monitor.underWay();
    const stop = new AbortController();
    const failed: string[] = [];
    let writes = 0;
    const writing = (async () => {
      for (; !stop.signal.aborted; writes += 1)
        await drainAndBack().catch((error: unknown) => failed.push(messageOf(error)));
    })();
    const startedAt = performance.now();
    const setup = await wgcniEtcd('setup');
    const tookMs = performance.now() - startedAt;
    const before = writes;
    await until(10_000, 'writes under roles', async () => writes > before + 2 || new Error(`${writes} writes`)).finally(
      () => stop.abort(),
    );
    await writing;
    console.log(`${setup.stdout}\n${Math.round(tookMs)} ms; ${2 * writes} writes around it, ${failed.length} failed`);
    expect([setup.exitCode, setup.stderr]).toEqual([0, '']);
    expect(setup.stdout).toContain('switched auth on');
    expect(failed).toEqual([]);
    expect((await monitor.stop()).lost).toEqual([]);
    await scene.lab.nodeReady(theNode(), 10_000);
  });

  it('is as it should be then, for a second setup and for a second cluster beside it', async () => {
    const again = await wgcniEtcd('setup', etcdctlName, scene.lab.plan.cluster, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ isEnabled: true, changes: [] });
    const beside = await wgcniEtcd('setup', etcdctlName, 'beside');
    expect(beside.stdout.split('\n').filter((line) => line.startsWith('made the user'))).toEqual([
      'made the user manager.beside',
      'made the user node.beside',
    ]);
    for (const cluster of [scene.lab.plan.cluster, 'beside'])
      expect((await wgcniEtcd('status', etcdctlName, cluster)).exitCode).toBe(0);
  });

  it("gives a node's certificate what is for nodes, and a person's nothing", async () => {
    const { control, mesh } = keysOf(scene.lab.plan.cluster);
    await withStoreOf(theNode().id, async (store) => {
      expect((await store.range(mesh)).items.length).toBeGreaterThan(1);
      await expect(store.range(control)).rejects.toThrow(StoreRefusedError);
      const put = { kind: 'put' as const, key: `${mesh}nodes/mallory`, value: '{}' };
      await expect(store.transact({ compare: [], then: [put] })).rejects.toThrow(StoreRefusedError);
    });
    await withStoreOf(operatorName, async (store) => {
      await expect(store.range(mesh)).rejects.toThrow(StoreRefusedError);
    });
  });

  it('comes up under roles: a leader is elected, a node registers and gives out addresses', async () => {
    const { lab } = scene;
    const node = theNode();
    for (const name of [node.id, ...lab.plan.managers.map(({ id }) => id)]) await lab.process(name).stop();
    await lab.startAllManagers();
    lab.startNode(node);
    await lab.nodeReady(node);
    const added = await lab.addContainer(node, planContainer(lab.plan.name, 1, 3));
    const address = added.ips[0]?.address.replace(/\/.*/, '') ?? '';
    expect(await ping(scene.places[0]?.netnsPath ?? '', address)).toBeDefined();
    for (const { log } of lab.plan.managers)
      expect((await readFile(log, 'utf8')).split('"msg":"replica.stopped"').at(-1)).not.toContain('store.open');
  });

  it('says what to do when a manager has lost its role, and goes on once it has it back', async () => {
    const { plan } = scene.lab;
    const name = commonNameOf({ kind: 'manager', cluster: plan.cluster });
    await etcdctl('user', 'revoke-role', name, name);
    const dialer = new Dialer(
      { connectTimeoutMs: 1_000, answerTimeoutMs: 4_000 },
      readCredentials(credentialsOf(plan, operatorName)),
    );
    const { url } = await scene.lab.leaderKnown();
    // Once: a client of ours tries again for a while.
    const path = `/v1/nodes/${theNode().id}/drain`;
    const answer = await request(`${url}${path}`, { method: 'PUT', dispatcher: dialer.agent });
    expect([answer.statusCode, await answer.body.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'store.refused', remedy: 'run wgcni etcd setup' }),
    ]);
    await dialer.close();
    const [manager] = plan.managers;
    await scene.lab.process(manager?.id ?? '').stop();
    scene.lab.startManager(manager?.id ?? '');
    await until(10_000, 'a line in its log', async () => {
      const last = (await readFile(manager?.log ?? '', 'utf8')).split('"msg":"replica.stopped"').at(-1) ?? '';
      return /"msg":"watch.broken"/.test(last) && last.includes('run wgcni etcd setup') ? true : new Error(last);
    });
    expect((await wgcniEtcd('status')).stdout).toContain(`the user ${name} has not got the role ${name}`);
    expect((await wgcniEtcd('setup')).stdout).toContain(`gave the user ${name} the role ${name}`);
    await until(15_000, 'a write', drainAndBack);
    await scene.lab.nodeReady(theNode(), 15_000);
  });
});
