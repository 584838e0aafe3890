/**
 * containerd's CRI drives the plugin on two nodes, as a kubelet would.
 *
 *   test ── gRPC ── containerd ── pods ── n1 ── bridge ── n2 ── pods ── containerd ── gRPC ── test
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { installCni, ping, PingMonitor, removeCgroups, removeNetns, until, type NodePlan } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distinct } from '../../conformance/expect.ts';
import { inParallel } from '../../conformance/in-parallel.ts';
import { bringUp, type Scenario } from '../../scenario.ts';
import { leftOver } from '../left-over.ts';
import { Containerd, hasContainerd } from './containerd.ts';
import { writePauseImage } from './pause-image.ts';

const isThere = await hasContainerd();
const many = 32;

describe.skipIf(!isThere)(`containerd${isThere ? '' : ' (not run: its packages are not here)'}`, () => {
  let scene: Scenario;
  let hosts: { node: NodePlan; containerd: Containerd }[];
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 0, managers: 1, etcd: 1 });
    const { lab } = scene;
    const image = join(lab.plan.dir, 'pause.tar');
    await writePauseImage(image);
    hosts = await Promise.all(
      lab.plan.nodes.map(async (node) => {
        const place = { dir: join(lab.plan.dir, node.id, 'containerd'), image };
        return { node, containerd: await Containerd.open(node, await installCni(lab, node), place) };
      }),
    );
  });
  afterAll(async () => {
    try {
      for (const { containerd } of hosts ?? []) await containerd.close();
      await removeCgroups(scene.lab.plan.controlNetns);
    } finally {
      await scene.lab.down();
    }
  });

  const at = (index: number): { node: NodePlan; containerd: Containerd } => {
    const host = hosts[index];
    if (host === undefined) throw new Error(`no containerd on node ${index}`);
    return host;
  };
  const run = (index: number, name: string): Promise<string> =>
    at(index).containerd.cri.run(name, scene.lab.plan.controlNetns);
  const attached = async ({ node }: { node: NodePlan }): Promise<Map<string, string[]>> => {
    const client = scene.lab.nodeClient(node);
    const { items } = await client.attachments({ limit: 1_000 });
    await client.close();
    return new Map(
      items.map(({ containerId, addresses }) => [
        containerId,
        addresses.map(({ address }) => address.replace(/\/.*/, '')),
      ]),
    );
  };

  it('runs pods on two nodes that reach each other, and stops one twice and removes it without a trace', async () => {
    const ids = [await run(0, 'a'), await run(1, 'b')];
    const [a, b] = await Promise.all(ids.map((id, index) => at(index).containerd.cri.pod(id)));
    if (a === undefined || b === undefined) throw new Error('no pods');
    expect(a.addresses).toHaveLength(2);
    expect((await attached(at(0))).get(a.id)).toEqual(a.addresses);
    for (const address of b.addresses) expect(await ping(a.netnsPath, address), address).toBeDefined();
    for (const address of a.addresses) expect(await ping(b.netnsPath, address), address).toBeDefined();
    for (const [index, id] of ids.entries()) {
      const { cri } = at(index).containerd;
      await cri.stop(id);
      await cri.stop(id);
      await cri.remove(id);
      expect(await leftOver(scene.lab, at(index).node)).toEqual([]);
    }
  });

  it(`runs ${many} pods at once with distinct addresses`, async () => {
    const { containerd, node } = at(0);
    const names = Array.from({ length: many }, (_, index) => `many-${index}`);
    const ids = await inParallel(many, names, (name) => run(0, name));
    const pods = await inParallel(8, ids, (id) => containerd.cri.pod(id));
    distinct(
      'address',
      pods.flatMap(({ addresses }) => addresses),
    );
    expect(new Set((await attached(at(0))).keys())).toEqual(new Set(ids));
    await inParallel(many, ids, async (id) => {
      await containerd.cri.stop(id);
      await containerd.cri.remove(id);
    });
    expect(await leftOver(scene.lab, node)).toEqual([]);
  });

  it('interrupts no packet when containerd is restarted', async () => {
    const [a, b] = [await run(0, 'stays'), await run(1, 'far')];
    const [stays, far] = [await at(0).containerd.cri.pod(a), await at(1).containerd.cri.pod(b)];
    const monitor = new PingMonitor(far.netnsPath, stays.addresses[0] ?? '');
    await monitor.underWay();
    await at(0).containerd.stop();
    await at(0).containerd.start();
    const { sent, lost } = await monitor.stop();
    expect(sent).toBeGreaterThan(20);
    expect(lost).toEqual([]);
    expect(await at(0).containerd.cri.pod(a)).toEqual(stays);
    for (const [index, id] of [a, b].entries()) {
      await at(index).containerd.cri.stop(id);
      await at(index).containerd.cri.remove(id);
      expect(await leftOver(scene.lab, at(index).node)).toEqual([]);
    }
  });

  it('leaves nothing when containerd is killed in the middle of an ADD, and runs the pod afterwards', async () => {
    const { containerd, node } = at(0);
    const before = await readdir('/run/netns');
    const daemon = scene.lab.process(node.id);
    // The ADD waits for its answer while the node-manager stands still.
    daemon.kill('SIGSTOP');
    const killed = run(0, 'killed').catch((error: unknown) => error);
    const made = await until(10_000, 'the namespace of the pod', async () => {
      const netns = (await readdir('/run/netns')).find((name) => name.startsWith('cni-') && !before.includes(name));
      return netns ?? new Error('none yet');
    });
    await until(10_000, 'the plugin at work', async () => (await isPluginRunning(node)) || new Error('not yet'));
    await containerd.kill();
    daemon.kill('SIGCONT');
    expect(await killed).toBeInstanceOf(Error);
    await containerd.start();
    for (const id of await containerd.cri.list()) {
      await containerd.cri.stop(id);
      await containerd.cri.remove(id);
    }
    // The plugin whose runtime is gone takes its own ADD back.
    await until(10_000, 'nothing to be left', async () => {
      const left = await leftOver(scene.lab, node);
      return left.length === 0 ? true : new Error(left.join('; '));
    });
    await removeNetns(made);
    const id = await run(0, 'killed');
    expect((await containerd.cri.pod(id)).addresses).toHaveLength(2);
    await containerd.cri.stop(id);
    await containerd.cri.remove(id);
    expect(await leftOver(scene.lab, node)).toEqual([]);
  });
});

/** Whether a process executes the plugin of that node. */
async function isPluginRunning({ dataDir }: NodePlan): Promise<boolean> {
  const plugin = join(dirname(dataDir), 'cni-bin', 'wireguard-cni');
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.split('\0').includes(plugin));
}
