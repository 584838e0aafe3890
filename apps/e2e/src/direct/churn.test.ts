/**
 * Twenty containers of one node, direct peers of each other, join and leave at random; the long round is `make direct-churn`.
 *
 *   c1 ── c2 ── … ── c20     each sends to all others at 5 Hz; the node is in the middle of no such pair that has met
 *     ╲    │    ╱
 *       node n1
 */
import { systemClock } from '@wgcni/base';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { directChurn } from './churn.ts';
import { bringUpDirect, type DirectScene, podsPackets } from './scene.ts';

let direct: DirectScene;
beforeAll(async () => {
  direct = await bringUpDirect();
});
afterAll(() => direct.scene.lab.down());

it('twenty direct peers that join and leave at random never lose each other for longer than a second', async () => {
  const { scene, node } = direct;
  const options = { seconds: 15, everyMs: 200, pauseMs: 200 };
  const report = await directChurn(scene.lab, node, options, async (up) => {
    const pairs = (up * (up - 1)) / 2;
    await scene.lab.nodeStatusWhere(node, (status) => status.direct.pairs === pairs && status.direct.due === 0, 10_000);
    // Twenty datagrams for each pair in two seconds: of thousands the node sees next to nothing.
    const before = await podsPackets(node);
    await systemClock.sleep(2_000);
    expect((await podsPackets(node)) - before).toBeLessThan(pairs / 2);
  });
  console.log(JSON.stringify(report));
  expect(report.blackHoles).toEqual([]);
  // A round in which nothing happened shows nothing.
  expect(report.joins - 20 + report.leaves).toBeGreaterThan(10);
  expect(report.leaves).toBeGreaterThan(3);
  expect(report.watched).toBeGreaterThan(400);
  expect(report.datagrams).toBeGreaterThan(10_000);
});
