/**
 * libcni drives the plugin through cnitool on two nodes, with the shipped configuration.
 *
 *   cnitool ── exec ── wireguard-cni ── n1 ── bridge ── n2 ── wireguard-cni ── exec ── cnitool
 *                          │                                      │
 *                          a                                      b
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { addNetns, installCni, ping, removeNetns, until, type NodePlan } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seenInterface } from '../../conformance/inside-container.ts';
import { inside } from '../../inside.ts';
import { bringUp, type Scenario } from '../../scenario.ts';
import { leftOver } from '../left-over.ts';
import { Cnitool, findCnitool } from './cnitool.ts';

const cnitool = await findCnitool();
const whyNot = cnitool === undefined ? ' (not run: cnitool could not be built here)' : '';

interface Container {
  netns: string;
  netnsPath: string;
  addresses: string[];
}

describe.skipIf(cnitool === undefined)(`libcni by cnitool${whyNot}`, () => {
  let scene: Scenario;
  let nodes: { node: NodePlan; cni: Cnitool }[];
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 0, managers: 1, etcd: 1 });
    const { lab } = scene;
    nodes = await Promise.all(
      lab.plan.nodes.map(async (node) => ({
        node,
        cni: new Cnitool(cnitool ?? '', node, await installCni(lab, node)),
      })),
    );
  });
  afterAll(() => scene.lab.down());

  const container = async (index: number, name: string): Promise<Container> => {
    const netns = `wgcni-${scene.lab.plan.name}-${name}`;
    const netnsPath = `/run/netns/${netns}`;
    await addNetns(netns);
    const { stdout } = await nodeAt(index).cni.succeed({ verb: 'add', netnsPath });
    const { ips } = JSON.parse(stdout) as { ips: { address: string }[] };
    return { netns, netnsPath, addresses: ips.map(({ address }) => address.replace(/\/.*/, '')) };
  };
  const nodeAt = (index: number): { node: NodePlan; cni: Cnitool } => {
    const at = nodes[index];
    if (at === undefined) throw new Error(`the lab has no node ${index}`);
    return at;
  };

  it('adds on two nodes, checks, and containers reach each other in both families', async () => {
    const [a, b] = [await container(0, 'a'), await container(1, 'b')];
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const address of to.addresses) expect(await ping(from.netnsPath, address), address).toBeDefined();
    }
    expect(await cachedAddresses(nodeAt(0).cni, a)).toEqual(a.addresses);
    expect((await seenInterface(a.netnsPath, 'eth0'))?.addresses.map(bare).sort()).toEqual(a.addresses.toSorted());
    for (const [index, { netnsPath }] of [a, b].entries())
      await nodeAt(index).cni.succeed({ verb: 'check', netnsPath });
    for (const [index, { netns, netnsPath }] of [a, b].entries()) {
      await nodeAt(index).cni.succeed({ verb: 'del', netnsPath });
      await nodeAt(index).cni.succeed({ verb: 'del', netnsPath });
      await removeNetns(netns);
      expect(await leftOver(scene.lab, nodeAt(index).node)).toEqual([]);
    }
  });

  it('tells by CHECK that a link was removed, and that the node-manager is away', async () => {
    const { node, cni } = nodeAt(0);
    const { netns, netnsPath } = await container(0, 'c');
    await scene.lab.process(node.id).stop();
    const away = await cni.run({ verb: 'check', netnsPath });
    expect([away.exitCode, away.stderr]).toEqual([1, expect.stringContaining(`the node-manager at ${node.socket}`)]);
    scene.lab.startNode(node);
    await scene.lab.nodeReady(node);
    await cni.succeed({ verb: 'check', netnsPath });
    await inside(netnsPath, ['ip', 'link', 'delete', 'eth0']);
    const broken = await cni.run({ verb: 'check', netnsPath });
    expect([broken.exitCode, broken.stderr]).toEqual([1, expect.stringContaining('the interface eth0 was removed')]);
    await cni.succeed({ verb: 'del', netnsPath });
    await removeNetns(netns);
    expect(await leftOver(scene.lab, node)).toEqual([]);
  });

  it('learns by STATUS whether the node takes containers', async () => {
    const { node, cni } = nodeAt(1);
    const netnsPath = node.netnsPath;
    await cni.succeed({ verb: 'status', netnsPath });
    await scene.lab.process(node.id).stop();
    const stopped = await cni.run({ verb: 'status', netnsPath });
    expect([stopped.exitCode, stopped.stderr]).toEqual([1, expect.stringContaining('the node-manager at')]);
    scene.lab.startNode(node);
    await scene.lab.nodeReady(node);
    await cni.succeed({ verb: 'status', netnsPath });
  });

  it('collects by GC what libcni knows, dead or alive, and touches nothing else: cnitool gives no list', async () => {
    const { node, cni } = nodeAt(0);
    const unknown = await container(0, 'unknown');
    // Without its cache libcni has never heard of this one.
    await rm(cni.cacheDir, { recursive: true });
    const [live, dead] = [await container(0, 'live'), await container(0, 'dead')];
    await removeNetns(dead.netns);
    await cni.succeed({ verb: 'gc', netnsPath: node.netnsPath });
    const client = scene.lab.nodeClient(node);
    const { items } = await client.attachments();
    await client.close();
    expect(items.map(({ netns }) => netns)).toEqual([unknown.netnsPath]);
    await cni.succeed({ verb: 'del', netnsPath: unknown.netnsPath });
    for (const { netns } of [live, unknown]) await removeNetns(netns);
    await until(5_000, 'nothing left', async () => {
      const left = await leftOver(scene.lab, node);
      return left.length === 0 ? true : new Error(left.join('; '));
    });
  });
});

function bare(address: string): string {
  return address.replace(/\/.*/, '');
}

/** The addresses in libcni's own record of the container. */
async function cachedAddresses({ cacheDir }: Cnitool, { netnsPath }: Container): Promise<string[]> {
  const names = await readdir(`${cacheDir}/results`);
  const texts = await Promise.all(names.map((name) => readFile(`${cacheDir}/results/${name}`, 'utf8')));
  const records = texts.map((text) => JSON.parse(text) as { netns: string; result: { ips: { address: string }[] } });
  return records
    .filter(({ netns }) => netns === netnsPath)
    .flatMap(({ result }) => result.ips.map(({ address }) => bare(address)));
}
