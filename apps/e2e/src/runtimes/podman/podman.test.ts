/**
 * Podman's CNI backend drives the plugin on two nodes, with the shipped chained configuration.
 *
 *   podman ── a, web ── n1 ── bridge ── n2 ── b ── podman
 */
import { join } from 'node:path';
import { installCni, ping, removeCgroups, until, type NodePlan } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inParallel } from '../../conformance/in-parallel.ts';
import { inside } from '../../inside.ts';
import { bringUp, type Scenario } from '../../scenario.ts';
import { leftOver } from '../left-over.ts';
import { fillRootFilesystem, servedText } from '../root-filesystem.ts';
import { hasPodman, Podman } from './podman.ts';

const isThere = await hasPodman();
const rounds = 50;
const idle = ['sleep', '600'];

describe.skipIf(!isThere)(`podman${isThere ? '' : ' (not run: its packages are not here)'}`, () => {
  let scene: Scenario;
  let podmen: { node: NodePlan; podman: Podman }[];
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 0, managers: 1, etcd: 1 });
    const { lab } = scene;
    const rootfs = join(lab.plan.dir, 'rootfs');
    await fillRootFilesystem(rootfs);
    podmen = await Promise.all(
      lab.plan.nodes.map(async (node) => {
        const installed = await installCni(lab, node, { chained: true });
        return {
          node,
          podman: await Podman.open(node, installed, {
            ...{ dir: join(lab.plan.dir, node.id, 'podman'), rootfs, cgroupParent: lab.plan.controlNetns },
          }),
        };
      }),
    );
  });
  afterAll(async () => {
    try {
      for (const { podman } of podmen ?? []) await podman.clear();
      await removeCgroups(scene.lab.plan.controlNetns);
    } finally {
      await scene.lab.down();
    }
  });

  const at = (index: number): { node: NodePlan; podman: Podman } => {
    const one = podmen[index];
    if (one === undefined) throw new Error(`no Podman on node ${index}`);
    return one;
  };
  /** Podman cleans up in a process of its own, which may end after the command that caused it. */
  const isEmpty = (index: number): Promise<true> =>
    until(5_000, 'nothing to be left', async () => {
      const left = await leftOver(scene.lab, at(index).node);
      return left.length === 0 ? true : new Error(left.join('; '));
    });
  /** Addresses by the container's id, as the node-manager knows them. */
  const attached = async (node: NodePlan): Promise<Map<string, string[]>> => {
    const client = scene.lab.nodeClient(node);
    const { items } = await client.attachments();
    await client.close();
    return new Map(
      items.map(({ containerId, addresses }) => [
        containerId,
        addresses.map(({ address }) => address.replace(/\/.*/, '')),
      ]),
    );
  };

  it('runs containers on two nodes that reach each other, shows their addresses and gateways, and keeps both over a reload', async () => {
    const { node, podman } = at(0);
    const id = await podman.runContainer(['-d', '--name', 'a'], idle);
    await at(1).podman.runContainer(['-d', '--name', 'b'], idle);
    const [a, b] = [await podman.inspect('a'), await at(1).podman.inspect('b')];
    expect(a.addresses).toHaveLength(2);
    expect(a.gateways).toHaveLength(2);
    expect((await attached(node)).get(id)).toEqual(a.addresses);
    for (const address of b.addresses) expect(await ping(a.netnsPath, address), address).toBeDefined();
    for (const address of a.addresses) expect(await ping(b.netnsPath, address), address).toBeDefined();

    await podman.run('network', 'reload', 'a');
    expect(await podman.inspect('a')).toEqual(a);
    expect((await attached(node)).get(id)).toEqual(a.addresses);
    for (const address of a.addresses) expect(await ping(b.netnsPath, address), address).toBeDefined();
  });

  it('attaches a container again when it is restarted', async () => {
    const { node, podman } = at(0);
    await podman.run('restart', '--time', '0', 'a');
    const a = await podman.inspect('a');
    expect([...(await attached(node)).values()]).toEqual([a.addresses]);
    const [b] = (await at(1).podman.inspect('b')).addresses;
    expect(await ping(a.netnsPath, b ?? '')).toBeDefined();
    for (const index of [0, 1]) {
      await at(index).podman.clear();
      await isEmpty(index);
    }
  });

  it('gives the static address that was asked for', async () => {
    const { node, podman } = at(0);
    const client = scene.lab.nodeClient(node);
    const { subnets } = await client.status();
    await client.close();
    const base = subnets.find((subnet) => !subnet.includes(':'))?.replace(/0\/.*/, '') ?? '';
    await podman.runContainer(['-d', '--name', 'fixed', '--ip', `${base}77`], idle);
    expect((await podman.inspect('fixed')).addresses[0]).toBe(`${base}77`);
    await expect(podman.runContainer(['--ip', `${base}77`], ['true'])).rejects.toThrow(`${base}77 is taken`);
    await podman.clear();
    await isEmpty(0);
  });

  it('publishes a port through portmap, on the node and to the other node', async () => {
    const { node, podman } = at(0);
    await podman.runContainer(['-d', '--name', 'web', '-p', '8080:80'], ['httpd', '-f', '-p', '80', '-h', '/www']);
    for (const from of [node, at(1).node]) {
      const { stdout } = await inside(from.netnsPath, [
        'curl',
        '-sS',
        '--max-time',
        '5',
        `http://${node.underlay.v4}:8080/`,
      ]);
      expect(stdout).toBe(servedText);
    }
    await podman.clear();
    await isEmpty(0);
  });

  it('has a container that was removed while the node-manager was away freed when it is back', async () => {
    const { node, podman } = at(0);
    await podman.runContainer(['-d', '--name', 'late'], idle);
    await scene.lab.process(node.id).stop();
    await podman.clear();
    scene.lab.startNode(node);
    await scene.lab.nodeReady(node);
    await isEmpty(0);
  });

  it(`leaves nothing after ${rounds} rounds of run --rm, and gives no address twice in a row`, async () => {
    const { podman } = at(1);
    const command = ['ip', '-4', 'address', 'show', 'dev', 'eth0'];
    const outputs = await inParallel(2, Array.from({ length: rounds }), () => podman.runContainer(['--rm'], command));
    const addresses = outputs.map((output) => /inet ([0-9.]+)/.exec(output)?.[1]);
    expect(new Set(addresses).size).toBe(rounds);
    await isEmpty(1);
  });
});
