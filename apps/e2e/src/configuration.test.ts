/**
 * Configuration files of running programs: what SIGHUP takes over, what it refuses, and what needs a restart.
 *
 *   etcd, one cluster-manager --config ── bridge ── n1: node-manager --config
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ManagerClient } from '@wgcni/api';
import { findPrograms, type NodePlan, until } from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

const root = join(import.meta.dirname, '../../..');
const write = (path: string, text: string): Promise<void> => writeFile(path, text, { mode: 0o600 });

describe('a running program and its file', () => {
  let scenario: Scenario;
  let node: NodePlan;
  let files: { manager: string; node: string };
  beforeAll(async () => {
    const size = { nodes: 1, containersPerNode: 1, managers: 1, etcd: 1 };
    const managerFlags: string[] = [];
    const nodeFlags: string[] = [];
    scenario = await bringUp(size, {
      managerFlags,
      nodeFlags,
      beforeUp: async ({ dir }) => {
        await mkdir(dir, { recursive: true });
        files = { manager: join(dir, 'manager.yaml'), node: join(dir, 'node.yaml') };
        await write(files.manager, 'rate: 500\n');
        await write(files.node, 'masquerade: on\n');
        managerFlags.push('--config', files.manager);
        nodeFlags.push('--config', files.node);
      },
    });
    const [first] = scenario.lab.plan.nodes;
    if (first === undefined) throw new Error('the lab has no node');
    node = first;
  });
  afterAll(() => scenario?.lab.down());

  /** Writes the file, sends the signal, and resolves with the lines of the log that it brought, up to the first of that event. */
  async function reload(name: 'manager' | 'node', text: string, event: string): Promise<Record<string, unknown>[]> {
    const { plan } = scenario.lab;
    const [id = '', log = ''] = name === 'node' ? [node.id, node.log] : [plan.managers[0]?.id, plan.managers[0]?.log];
    const known = (await readFile(log, 'utf8')).length;
    await write(files[name], text);
    process.kill(scenario.lab.process(id).record.pid, 'SIGHUP');
    return until(5_000, event, async () => {
      const lines = (await readFile(log, 'utf8')).slice(known).split('\n').slice(0, -1);
      const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return said.some(({ msg }) => msg === event) ? said : new Error(lines.join('\n'));
    });
  }

  /** How many of twenty questions in a row are answered. */
  async function answered(client: ManagerClient): Promise<number> {
    const asked = Array.from({ length: 20 }, () =>
      client.leader(AbortSignal.timeout(500)).then(
        () => 1,
        () => 0,
      ),
    );
    return (await Promise.all(asked)).reduce<number>((sum, each) => sum + each, 0);
  }

  it('takes a rate over at once, and says so', async () => {
    const client = scenario.lab.managerClient({ deadlineMs: 400 });
    expect(await answered(client)).toBe(20);
    const said = await reload('manager', 'rate: 1\nrate-burst: 3\n', 'config.reloaded');
    expect(said.find(({ msg }) => msg === 'config.reloaded')).toMatchObject({ changed: ['rate', 'rate-burst'] });
    expect(await answered(client)).toBeLessThan(10);
    await reload('manager', 'rate: 0\n', 'config.reloaded');
    expect(await answered(client)).toBe(20);
    await client.close();
  });

  it('changes nothing for a file with an error, and names file and line', async () => {
    const said = await reload('manager', 'rate: 1\nrate-burst: 0\n', 'config.refused');
    expect(said.find(({ msg }) => msg === 'config.refused')).toMatchObject({
      why: expect.stringContaining(`${files.manager}:2: --rate-burst`),
      remedy: expect.any(String),
    });
    const client = scenario.lab.managerClient({ deadlineMs: 400 });
    expect(await answered(client)).toBe(20);
    await client.close();
  });

  it('names what needs a restart, and takes the rest over', async () => {
    const said = await reload('manager', 'rate: 0\nlog-level: debug\nleader-ttl: 9s\n', 'config.restart-needed');
    expect(said.find(({ msg }) => msg === 'config.restart-needed')).toMatchObject({ flags: ['leader-ttl'] });
    expect(said.find(({ msg }) => msg === 'config.reloaded')).toMatchObject({ changed: ['log-level'] });
  });

  it('has a node hide its containers no more, without a restart', async () => {
    const hides = async (): Promise<boolean> =>
      /MASQUERADE/.test((await inside(node.netnsPath, ['iptables-save'])).stdout);
    expect(await hides()).toBe(true);
    await reload('node', 'masquerade: off\n', 'config.reloaded');
    await until(7_000, 'the packet filter', async () => !(await hides()) || new Error('containers are hidden'));
    expect((await scenario.lab.nodeReady(node)).drift).toEqual([]);
  });
});

describe('a program that is only asked', () => {
  it('prints what is in effect, and a file of it says the same', async () => {
    const { clusterManager } = await findPrograms(root);
    const flags = ['--etcd=https://192.0.2.1:2379', '--cluster=c', '--listen=192.0.2.1:7001', '--rate=9'];
    const argv = [...flags, '--advertise=https://m1:7001', '--tls-cert=/c', '--tls-key=/k', '--tls-ca=/a'];
    const printed = (await execa(clusterManager, [...argv, '--print-config'])).stdout;
    expect(printed).toContain('\nrate: "9"  # --rate\n');
    const dir = await mkdtemp(join(tmpdir(), 'wgcni-config-'));
    try {
      const path = join(dir, 'cluster-manager.yaml');
      await write(path, printed);
      expect((await execa(clusterManager, ['--config', path, '--check-config'])).stdout).toBe(
        'the configuration is good',
      );
      const again = (await execa(clusterManager, ['--config', path, '--print-config'])).stdout;
      expect(again.replace(/ {2}# .*/g, '')).toBe(printed.replace(/ {2}# .*/g, ''));
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

describe('the version', () => {
  it('is told by every program, by the same word', async () => {
    const { clusterManager, nodeManager, plugin, wgcni } = await findPrograms(root);
    const told = await Promise.all(
      [clusterManager, nodeManager, plugin, wgcni].map(async (path) => (await execa(path, ['--version'])).stdout),
    );
    expect(told).toEqual(Array.from({ length: 4 }, () => told[0]));
    expect(told[0]).toMatch(/^[0-9]+[.][0-9]+[.][0-9]+/);
  });
});
