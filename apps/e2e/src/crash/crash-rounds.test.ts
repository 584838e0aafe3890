/**
 * A short round of random crashes; the long one is `make crash-rounds`.
 *
 *   8 workers ── exec ── wireguard-cni (killed) ── unix socket ── node-manager (killed, started again) ── namespaces
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bringUp, type Scenario } from '../scenario.ts';
import { crashRounds } from './crash-rounds.ts';

let scene: Scenario;
beforeAll(async () => {
  scene = await bringUp({ nodes: 1, containersPerNode: 0, managers: 1, etcd: 1 });
});
afterAll(() => scene.lab.down());

it('300 ADDs and DELs with a kill in one of ten leak no address, give none twice, and leave nothing after one GC', async () => {
  const [node] = scene.lab.plan.nodes;
  if (node === undefined) throw new Error('the lab has no node');
  const report = await crashRounds(scene.lab, node, { operations: 300, workers: 8 });
  console.log(JSON.stringify(report));
  expect(report.violations).toEqual([]);
  // A round in which nothing happened shows nothing.
  expect(report.adds.succeeded).toBeGreaterThan(30);
  expect(report.kills.plugin).toBeGreaterThan(3);
  expect(report.kills.nodeManager).toBeGreaterThan(3);
  // Nor does an audit of nobody.
  expect(report.survivors).toBeGreaterThan(4);
});
