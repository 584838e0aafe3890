/**
 * Everything that manages is gone for two minutes: containers keep talking and come and go; afterwards all agree.
 *
 *   c1 c2 ── n1 ──┐
 *                 ├── bridge ── etcd ×3 and cluster-manager ×3, all stopped
 *   c1 c2 ── n2 ──┘
 */
import {
  addContainer,
  addContainerNetns,
  callPlugin,
  deleteContainer,
  ping,
  PingMonitor,
  planContainer,
  removeNetns,
  type NodePlan,
} from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, type Scenario } from './scenario.ts';

const outageMs = 120_000;
const comers = 20;

describe('all managers and etcd stopped', () => {
  let scene: Scenario;
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 2 });
  });
  afterAll(() => scene.lab.down());

  it('loses no ping for two minutes, serves ADD and DEL also after a restart, and agrees within 10 s of a leader', async () => {
    const { lab, places } = scene;
    const [node] = lab.plan.nodes;
    const [from] = places;
    const to = places.at(-1);
    if (node === undefined || from === undefined || to === undefined) throw new Error('the lab is too small');
    const monitors = to.addresses.map((address) => new PingMonitor(from.netnsPath, address, 20));
    const stoppedAt = performance.now();
    const control = [...lab.plan.managers.map(({ id }) => id), ...lab.plan.etcd.map(({ name }) => name)];
    for (const name of control) lab.process(name).kill('SIGKILL');
    for (const name of control) expect(await lab.process(name).ended(5_000)).toBe(true);

    await addAndDelete(scene, 0);
    const old = lab.process(node.id);
    old.kill('SIGTERM');
    expect(await old.ended(5_000)).toBe(true);
    lab.startNode(node);
    await lab.nodeStatusWhere(node, ({ readiness }) => readiness === 'ready');
    await saysStoredView(scene, node);
    await addAndDelete(scene, comers);

    await new Promise((resolve) => setTimeout(resolve, Math.max(0, outageMs - (performance.now() - stoppedAt))));
    for (const monitor of monitors) {
      const { sent, lost } = await monitor.stop();
      expect(sent).toBeGreaterThan(3_000);
      expect(lost).toEqual([]);
    }

    await lab.startAllEtcd({ state: 'existing' });
    await lab.startAllManagers();
    const ledAt = performance.now();
    for (const each of lab.plan.nodes) {
      const status = await lab.nodeStatusWhere(
        each,
        ({ isRegistered, isViewStored, drift }) => isRegistered && !isViewStored && drift.length === 0,
        10_000,
      );
      expect(status.peers.map(({ state }) => state)).toEqual(['programmed']);
      expect(status.attachments).toEqual({ total: 2, orphaned: 0, adopted: 0 });
    }
    console.log(`agreed ${Math.round(performance.now() - ledAt)} ms after a leader was known`);
  });
});

/** STATUS: a node that works from its stored view can be used, which is a warning; with strictStatus it is 51. */
async function saysStoredView({ lab }: Scenario, node: NodePlan): Promise<void> {
  const status = (config: object) =>
    callPlugin(lab.programs.plugin, { command: 'STATUS', node, config: { cniVersion: '1.1.0', ...config } });
  const { exitCode, stdout, stderr } = await status({});
  expect([exitCode, stdout, stderr]).toEqual([0, '', expect.stringContaining('stored view')]);
  const strict = await status({ strictStatus: true });
  expect([strict.exitCode, JSON.parse(strict.stdout)]).toMatchObject([1, { code: 51 }]);
}

/** ADD and DEL of 20 containers on the first node, each reached from the other node while it lives. */
async function addAndDelete({ lab, places }: Scenario, first: number): Promise<void> {
  const [node] = lab.plan.nodes;
  const far = places.at(-1);
  if (node === undefined || far === undefined) throw new Error('the lab is too small');
  const addressesSeen = new Set<string>();
  for (let index = 0; index < comers; index += 1) {
    const container = planContainer(lab.plan.name, 1, 100 + first + index);
    await addContainerNetns(container);
    const result = await addContainer(lab.programs.plugin, node, container);
    for (const { address } of result.ips) {
      expect(addressesSeen.has(address), `${address} is given out again at once`).toBe(false);
      addressesSeen.add(address);
      expect(await ping(far.netnsPath, address.replace(/\/.*/, ''), { count: 1 })).toBeDefined();
    }
    await deleteContainer(lab.programs.plugin, node, container);
    await removeNetns(container.netns);
  }
}
