/**
 * A node-manager stands still beyond the hold-down: its subnet goes to another node, and when it goes on it evacuates at once. The kernel of the
 * node stays up all the while, so that it would answer for the old address if anyone still asked it.
 *
 *   c1 (10.64.0.2) ── n1, paused ──┐
 *   c1 ── n2, who asks ────────────┼── bridge ── etcd, cluster-manager; a pool of two subnets
 *   c1 (10.64.0.2) ── n3, who ─────┘
 *                     waits for a subnet
 */
import { PingMonitor, ping, planContainer, planLab, until, type ContainerPlan, type NodePlan } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Capture } from '../capture.ts';
import { inside } from '../inside.ts';
import { bringUp, type Scenario } from '../scenario.ts';
import { Verbs, type Answer } from './verbs.ts';

const pool = '10.64.0.0/23:24';
const managerFlags = ['--hold-down', '8s', '--silence-reading', '1s', '--rest', '1s', '--registration-ttl', '3s'];
const address = '10.64.0.2';
const requests = `icmp[icmptype] == icmp-echo and dst host ${address}`;

let scene: Scenario;
let [n1, n2, n3]: NodePlan[] = [];
let old: Answer;

beforeAll(async () => {
  scene = await bringUp({ nodes: 0, managers: 1, etcd: 1, pools: [pool] }, { managerFlags });
  [n1, n2, n3] = planLab(scene.lab.plan.name, { nodes: 3, containersPerNode: 1 }).nodes;
});
afterAll(() => scene.lab.down());

const first = ({ containers }: NodePlan): ContainerPlan => {
  const [container] = containers;
  if (container === undefined) throw new Error('the node has no container');
  return container;
};

async function start(node: NodePlan): Promise<void> {
  await scene.lab.addNode(node);
  scene.lab.startNode(node);
}

/** The routes of the node's own to what it holds and to other nodes, and its peers' allowed IPs on both devices. */
async function kernelOf(node: NodePlan): Promise<{ routes: string[]; status: { peers: number; orphaned: number } }> {
  const { stdout } = await inside(node.netnsPath, ['ip', 'route', 'show', 'proto', '87']);
  const client = scene.lab.nodeClient(node);
  const { peers, attachments } = await client.status();
  const programmed = peers.filter(({ state }) => state !== 'missing');
  await client.close();
  return {
    routes: stdout.split('\n').filter((line) => line !== ''),
    status: { peers: programmed.length, orphaned: attachments.orphaned },
  };
}

describe('a node-manager that stands still beyond the hold-down', () => {
  it('loses its subnet to another node; nobody reaches the old owner from then on; it evacuates when it goes on', async () => {
    if (n1 === undefined || n2 === undefined || n3 === undefined) throw new Error('the plan is too small');
    const { lab } = scene;
    for (const node of [n1, n2]) {
      await start(node);
      await lab.nodeReady(node);
    }
    old = await new Verbs(lab, n1).add(first(n1));
    expect(old.addresses).toEqual([address]);
    expect((await new Verbs(lab, n2).add(first(n2))).code).toBe(0);
    expect(await ping(first(n2).netnsPath, address)).toBeDefined();

    lab.process(n1.id).kill('SIGSTOP');
    await start(n3);
    await lab.nodeReady(n3, 60_000);
    // The commit of the reclaim is past: from here on only the new owner is asked, although the old one's tunnels are all up.
    const oldOwner = await Capture.start(first(n1).netnsPath, 'eth0');
    expect(await ping(first(n2).netnsPath, address, { count: 3 })).toBeUndefined();
    const added = await new Verbs(lab, n3).add(first(n3));
    expect(added.addresses).toEqual([address]);
    const newOwner = await Capture.start(first(n3).netnsPath, 'eth0');
    const asking = new PingMonitor(first(n2).netnsPath, address, 20);
    await asking.underWay(20);

    const resumedAt = performance.now();
    lab.process(n1.id).kill('SIGCONT');
    const evacuated = await lab.nodeStatusWhere(n1, ({ readiness }) => readiness === 'no-grant', 10_000);
    await until(10_000, 'the evacuation of n1', async () => {
      const { routes, status } = await kernelOf(n1 as NodePlan);
      const isEmpty = status.peers === 0 && routes.every((route) => route.startsWith('unreachable'));
      return isEmpty || new Error(JSON.stringify({ routes, status }));
    });
    const tookMs = performance.now() - resumedAt;
    console.log(`evacuated ${Math.round(tookMs)} ms after the pause`);
    expect(tookMs).toBeLessThan(5_000);
    expect(evacuated.attachments).toMatchObject({ total: 1, orphaned: 1 });

    const { sent, lost } = await asking.stop();
    expect(sent).toBeGreaterThan(20);
    expect(lost).toEqual([]);
    expect(await (await oldOwner.stop()).linesOf(requests)).toEqual([]);
    expect(await (await newOwner.stop()).countOf(requests)).toBeGreaterThanOrEqual(sent - 1);
  });

  it('renumbers nothing: CHECK 51, STATUS 50 without a subnet and 51 with another, ADD from that one, DEL as ever', async () => {
    if (n1 === undefined || n2 === undefined) throw new Error('the plan is too small');
    const { lab } = scene;
    const verbs = new Verbs(lab, n1);
    const { stdout } = await inside(first(n1).netnsPath, ['ip', '-4', 'address', 'show', 'dev', 'eth0']);
    expect(stdout).toContain(`${address}/32`);
    expect((await verbs.check(first(n1), old.result)).code).toBe(51);
    expect((await verbs.status()).code).toBe(50);
    expect((await verbs.add(planContainer(lab.plan.name, 1, 50))).code).toBe(50);

    const client = lab.managerClient();
    await client.putPool('10.66.0.0/23', 24);
    await client.close();
    await lab.nodeReady(n1);
    expect((await verbs.status()).code).toBe(51);
    const fresh = await verbs.add(planContainer(lab.plan.name, 1, 50));
    expect(fresh.addresses).toEqual(['10.66.0.2']);
    await until(10_000, 'the way to the new subnet', async () => {
      const took = await ping(first(n2 as NodePlan).netnsPath, '10.66.0.2', { count: 1 });
      return took !== undefined || new Error('no answer');
    });
    expect((await verbs.delete(first(n1))).code).toBe(0);
    expect((await verbs.status()).code).toBe(0);
  });
});
