/**
 * The plugin in chains with Debian's portmap and firewall, as the shipped chained configuration has them, and with others.
 *
 *   n2 host ── underlay ── n1 host ── portmap: 8080 → container:80 ── wireguard-cni ── a
 *   c on n2 ─┘       │        └─ b
 *                 stranger
 */
import { readFile, writeFile } from 'node:fs/promises';
import { messageOf } from '@wgcni/base';
import {
  addNetns,
  deleteContainer,
  installCni,
  ping,
  planContainer,
  removeNetns,
  type InstalledCni,
  type NodePlan,
} from '@wgcni/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inside } from '../../inside.ts';
import { bringUp, type Scenario } from '../../scenario.ts';
import { addStranger } from '../../stranger.ts';
import { leftOver } from '../left-over.ts';
import { readText, serveText } from '../tcp.ts';
import { Cnitool, findCnitool } from './cnitool.ts';

const cnitool = await findCnitool();
const whyNot = cnitool === undefined ? ' (not run: cnitool could not be built here)' : '';
const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }];

type Plugin = Record<string, unknown> & { type: string };

describe.skipIf(cnitool === undefined)(`chains with the reference plugins${whyNot}`, () => {
  let scene: Scenario;
  let node: NodePlan;
  let other: NodePlan;
  let installed: InstalledCni;
  let shipped: string;
  let cni: Cnitool;
  let netns: string;
  let stranger: string;
  let netnsPath: string;
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 0, managers: 1, etcd: 1 });
    const [n1, n2] = scene.lab.plan.nodes;
    if (n1 === undefined || n2 === undefined) throw new Error('the lab is too small');
    [node, other] = [n1, n2];
    installed = await installCni(scene.lab, node, { chained: true });
    shipped = await readFile(installed.conflist, 'utf8');
    cni = new Cnitool(cnitool ?? '', node, installed);
    stranger = await addStranger(scene.lab.plan);
    netns = `wgcni-${scene.lab.plan.name}-a`;
    netnsPath = `/run/netns/${netns}`;
  });
  afterAll(() => scene.lab.down());
  beforeEach(() => addNetns(netns));
  afterEach(async () => {
    // A runtime gives every verb the same capabilities.
    await cni.succeed({ verb: 'del', netnsPath, capabilities: { portMappings } });
    await removeNetns(netns);
    await writeFile(installed.conflist, shipped);
    expect(await leftOver(scene.lab, node)).toEqual([]);
  });

  /** What a node does with what nobody accepts by a rule, as Docker leaves it behind. */
  async function forwardPolicy({ netnsPath: at }: NodePlan, policy: 'ACCEPT' | 'DROP'): Promise<void> {
    for (const program of ['iptables', 'ip6tables']) await inside(at, [program, '-P', 'FORWARD', policy]);
  }

  /** Replaces the plugins after ours. */
  const chain = async (...plugins: Plugin[]): Promise<void> => {
    const list = JSON.parse(shipped) as { plugins: Plugin[] };
    await writeFile(installed.conflist, JSON.stringify({ ...list, plugins: [list.plugins[0], ...plugins] }));
  };

  it('publishes a port by portmap in the shipped chain: to nodes, strangers and containers, whatever the nodes forward by themselves', async () => {
    await cni.succeed({ verb: 'add', netnsPath, capabilities: { portMappings } });
    const stop = await serveText(netnsPath, 80, 'hello');
    const neighbours = [
      { on: node, container: planContainer(scene.lab.plan.name, 1, 1) },
      { on: other, container: planContainer(scene.lab.plan.name, 2, 1) },
    ];
    try {
      for (const { on, container } of neighbours) {
        await forwardPolicy(on, 'DROP');
        await scene.lab.addContainer(on, container);
      }
      const [near, far] = neighbours.map(({ container }) => container.netnsPath);
      const dialled = [
        ...[node.netnsPath, other.netnsPath, stranger, near, far, netnsPath].map((from) => [from, node.underlay.v4]),
        ...[node.netnsPath, other.netnsPath, stranger, near, far, netnsPath].map((from) => [from, node.underlay.v6]),
        [node.netnsPath, '127.0.0.1'],
      ];
      for (const [from = '', address = ''] of dialled)
        expect(await readText(from, address, 8080).catch(messageOf), `${from} → ${address}`).toBe('hello');
    } finally {
      for (const { on, container } of neighbours) {
        await forwardPolicy(on, 'ACCEPT');
        await deleteContainer(scene.lab.programs.plugin, on, container);
        await removeNetns(container.netns);
      }
      await stop();
    }
  });

  it('lets traffic pass behind firewall, also when the node drops what is forwarded', async () => {
    await forwardPolicy(node, 'DROP');
    try {
      const { stdout } = await cni.succeed({ verb: 'add', netnsPath });
      const { ips } = JSON.parse(stdout) as { ips: { address: string }[] };
      expect(await ping(other.netnsPath, ips[0]?.address.replace(/\/.*/, '') ?? '')).toBeDefined();
      expect(await ping(netnsPath, other.underlay.v4)).toBeDefined();
    } finally {
      await forwardPolicy(node, 'ACCEPT');
    }
  });

  it('has a sysctl set by tuning', async () => {
    await chain({ type: 'tuning', sysctl: { 'net.core.somaxconn': '497' } });
    await cni.succeed({ verb: 'add', netnsPath });
    expect((await inside(netnsPath, ['sysctl', '-n', 'net.core.somaxconn'])).stdout).toBe('497');
    await cni.succeed({ verb: 'check', netnsPath });
  });

  it.each([
    { plugin: { type: 'tuning', mac: '02:00:00:00:00:01' }, why: /operation not supported|invalid argument|address/i },
    { plugin: { type: 'bandwidth', ingressRate: 1_000_000, ingressBurst: 1_000_000 }, why: /bandwidth/ },
  ])('fails with $plugin.type where that wants a link layer, and the DEL leaves nothing', async ({ plugin, why }) => {
    await chain(plugin);
    const { exitCode, stderr } = await cni.run({ verb: 'add', netnsPath });
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(why)]);
  });
});
