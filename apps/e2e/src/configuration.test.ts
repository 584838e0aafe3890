/**
 * Configuration files of running programs: what SIGHUP takes over, what it refuses, and what needs a restart.
 *
 *   etcd, one cluster-manager --config ── bridge ─┬─ n1: node-manager --config ── container
 *              │                                  └─ n2: node-manager          ── container
 *              └─ a relay before it: another URL of the same
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ManagerClient } from '@wgcni/api';
import { findPrograms, type NodePlan, PingMonitor, until } from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

const root = join(import.meta.dirname, '../../..');
const write = (path: string, text: string): Promise<void> => writeFile(path, text, { mode: 0o600 });

/** Another address of a server: what is sent there comes to it, byte for byte. */
async function relayTo(server: { host: string; port: number }) {
  let taken = 0;
  const open = new Set<Socket>();
  const relay = createServer((socket) => {
    taken += 1;
    const there = connect(server);
    for (const one of [socket, there]) open.add(one.on('error', () => undefined));
    socket.pipe(there).pipe(socket);
  }).listen(0, server.host);
  await once(relay, 'listening');
  return {
    port: (relay.address() as AddressInfo).port,
    taken: () => taken,
    close: () => {
      relay.close();
      for (const one of open) one.destroy();
    },
  };
}

describe('a running program and its file', () => {
  let scenario: Scenario;
  let node: NodePlan;
  let other: NodePlan;
  /** What every file of a node says. */
  let ofManager: string;
  let files: { manager: string; node: string };
  beforeAll(async () => {
    const size = { nodes: 2, containersPerNode: 1, managers: 1, etcd: 1 };
    const managerFlags: string[] = [];
    const nodeFlags: string[] = [];
    scenario = await bringUp(size, {
      ...{ managerFlags, nodeFlags, managersByFile: true },
      beforeUp: async ({ dir, managers }) => {
        await mkdir(dir, { recursive: true });
        files = { manager: join(dir, 'manager.yaml'), node: join(dir, 'node.yaml') };
        await write(files.manager, 'rate: 500\n');
        ofManager = `manager: ${managers[0]?.url}\n`;
        await write(files.node, `${ofManager}masquerade: on\n`);
        managerFlags.push('--config', files.manager);
        nodeFlags.push('--config', files.node);
      },
    });
    const [first, second] = scenario.lab.plan.nodes;
    if (first === undefined || second === undefined) throw new Error('the lab has no two nodes');
    [node, other] = [first, second];
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
    await reload('node', `${ofManager}masquerade: off\n`, 'config.reloaded');
    await until(7_000, 'the packet filter', async () => !(await hides()) || new Error('containers are hidden'));
    expect((await scenario.lab.nodeReady(node)).drift).toEqual([]);
  });

  it('has a node ask at other URLs, be dialled elsewhere and offer a network, and no packet is lost', async () => {
    const { lab } = scenario;
    const [lan, address] = ['10.99.0.0/24', '192.0.2.99'];
    const { hostname, port } = new URL(lab.plan.managers[0]?.url ?? '');
    const relay = await relayTo({ host: hostname, port: Number(port) });
    const [near, far] = [scenario.placesOf(node)[0], scenario.placesOf(other)[0]];
    const pings = new PingMonitor(far?.netnsPath ?? '', near?.addresses[0] ?? '');
    const peers = lab.nodeClient(other);
    const managers = lab.managerClient();
    try {
      await inside(node.netnsPath, ['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0']);
      const now = `manager: https://${hostname}:${relay.port}\nmasquerade: off\nendpoint: ${address}:51820\nadvertise: ${lan}\n`;
      const said = await reload('node', now, 'registration.made');
      expect(said.find(({ msg }) => msg === 'config.reloaded')).toMatchObject({
        changed: ['manager', 'endpoint', 'advertise'],
      });
      await until(5_000, 'the other node dials it elsewhere', async () => {
        const peer = (await peers.status()).peers.find(({ nodeId }) => nodeId === node.id);
        return peer?.endpoint === `${address}:51820` || new Error(`${peer?.endpoint}`);
      });
      expect(relay.taken()).toBeGreaterThan(0);
      expect((await managers.routes()).items).toMatchObject([{ nodeId: node.id, route: lan, isOffered: true }]);
      // What is asked now is kept from containers as what was asked before.
      await until(5_000, 'the packet filter', async () => {
        const { stdout } = await inside(node.netnsPath, ['iptables-save']);
        return new RegExp(`--dport ${relay.port}\\b`).test(stdout) || new Error(stdout);
      });
      const half = now.replace(`${address}:51820`, `${address}:51900`);
      const refused = await reload('node', `${half}mesh-port: 51900\n`, 'config.restart-needed');
      expect(refused.find(({ msg }) => msg === 'config.restart-needed')).toMatchObject({
        flags: ['endpoint', 'mesh-port'],
        remedy: expect.stringContaining('restart'),
      });
      expect((await lab.nodeReady(node)).drift).toEqual([]);
    } finally {
      const { sent, lost } = await pings.stop();
      expect([sent > 50, lost]).toEqual([true, []]);
      await Promise.all([peers.close(), managers.close()]);
      relay.close();
    }
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
