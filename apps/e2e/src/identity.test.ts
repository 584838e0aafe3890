/**
 * A node keeps what is its own: after its data directory is lost, under a new underlay address, and against an impostor.
 *
 *   c1 c2 ── n1 ──┐
 *                 ├── bridge ── etcd ×3, cluster-manager ×3
 *   c1 c2 ── n2 ──┘        └── n9: a second machine that says it is n1
 */
import { rm } from 'node:fs/promises';
import {
  addContainer,
  addContainerNetns,
  callPlugin,
  ping,
  PingMonitor,
  planContainer,
  planLab,
  processFlags,
  removeNetns,
  until,
} from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

describe('the identity of a node', () => {
  let scene: Scenario;
  beforeAll(async () => {
    // A short registration, so that a lost instance is forgotten soon; everything else as in production.
    scene = await bringUp({ nodes: 2, containersPerNode: 2 }, { managerFlags: ['--registration-ttl', '6s'] });
  });
  afterAll(() => scene.lab.down());

  it('survives the loss of its data directory while containers run: same subnets, nothing lost, no address twice', async () => {
    const { lab } = scene;
    const [n1, n2] = lab.plan.nodes;
    if (n1 === undefined || n2 === undefined) throw new Error('the lab is too small');
    const before = await lab.nodeReady(n1);
    const monitors = monitorsBetween(scene);
    const old = lab.process(n1.id);
    old.kill('SIGKILL');
    expect(await old.ended(5_000)).toBe(true);
    await rm(n1.dataDir, { recursive: true, force: true });
    lab.startNode(n1);
    const after = await lab.nodeReady(n1);
    expect(after.subnets).toEqual(before.subnets);
    expect(after.publicKey).toBe(before.publicKey);
    expect(after.attachments.total).toBe(2);

    const container = planContainer(lab.plan.name, 1, 50);
    await addContainerNetns(container);
    const { ips } = await addContainer(lab.programs.plugin, n1, container);
    const taken = scene.places.flatMap(({ addresses }) => addresses);
    for (const { address } of ips) expect(taken).not.toContain(address.replace(/\/.*/, ''));
    await expectNothingLost(monitors);
  });

  it('refuses a second machine with the same node id, and a certificate of it, and leaves the first undisturbed', async () => {
    const { lab } = scene;
    const [n1] = lab.plan.nodes;
    const impostor = planLab(lab.plan.name, { nodes: 9 }).nodes[8];
    if (n1 === undefined || impostor === undefined) throw new Error('the lab is too small');
    const before = await lab.nodeReady(n1);
    const monitors = monitorsBetween(scene);
    await lab.addNode(impostor);
    const second = lab.startNodeElsewhere(impostor, ['--node-id', n1.id, ...processFlags(lab.plan, n1.id)]);
    const status = await lab.nodeStatusWhere(impostor, ({ readiness }) => readiness === 'duplicate');
    expect(status.reason).toContain(n1.id);
    expect(status.reason).toContain('--take-over');
    expect(status.subnets).toEqual([]);
    const { exitCode, stdout } = await callPlugin(lab.programs.plugin, {
      ...{ command: 'STATUS', node: impostor, config: { cniVersion: '1.1.0' } },
    });
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([1, { code: 50, msg: expect.stringContaining('duplicate') }]);
    // Longer than a registration lives: the first one's renewals must hold it.
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    await lab.nodeStatusWhere(impostor, ({ readiness }) => readiness === 'duplicate');
    const after = await lab.nodeReady(n1);
    expect(after.subnets).toEqual(before.subnets);
    await expectNothingLost(monitors);
    second.kill('SIGKILL');
    expect(await second.ended(5_000)).toBe(true);
    await removeNetns(impostor.netns);
  });

  it('keeps its subnets when its underlay address changes, and traffic follows', async () => {
    const { lab } = scene;
    const [n1] = lab.plan.nodes;
    if (n1 === undefined) throw new Error('the lab is too small');
    const before = await lab.nodeReady(n1);
    await inside(n1.netnsPath, ['ip', 'address', 'delete', `${n1.underlay.v4}/24`, 'dev', 'eth0']);
    await inside(n1.netnsPath, ['ip', 'address', 'add', '192.0.2.77/24', 'dev', 'eth0']);
    const client = lab.managerClient();
    await expect
      .poll(async () => (await client.node(n1.id)).endpoints, { timeout: 15_000 })
      .toContain('192.0.2.77:51820');
    expect((await client.node(n1.id)).endpoints).not.toContain(`${n1.underlay.v4}:51820`);
    await client.close();
    const after = await lab.nodeReady(n1);
    expect(after.subnets).toEqual(before.subnets);
    const [near, far] = [scene.places[0], scene.places.at(-1)];
    await until(5_000, 'traffic to follow both ways', async () => {
      const there = await ping(near?.netnsPath ?? '', far?.addresses[0] ?? '');
      const back = await ping(far?.netnsPath ?? '', near?.addresses[1] ?? '');
      return (there !== undefined && back !== undefined) || new Error(`there ${there} ms, back ${back} ms`);
    });
    const monitors = monitorsBetween(scene);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await expectNothingLost(monitors);
  });
});

/** Pings between a container of the first node and one of the last, both ways, one family each. */
function monitorsBetween({ places }: Scenario): PingMonitor[] {
  const [near, far] = [places[0], places.at(-1)];
  if (near === undefined || far === undefined) throw new Error('the lab is too small');
  return [
    new PingMonitor(near.netnsPath, far.addresses[0] ?? '', 20),
    new PingMonitor(far.netnsPath, near.addresses[1] ?? '', 20),
  ];
}

async function expectNothingLost(monitors: PingMonitor[]): Promise<void> {
  for (const { sent, lost } of await Promise.all(monitors.map((monitor) => monitor.stop()))) {
    expect(sent).toBeGreaterThan(20);
    expect(lost).toEqual([]);
  }
}
