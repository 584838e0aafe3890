/**
 * A node-manager dies and comes back, and its containers do not notice.
 *
 *   c1 c2 ── n1 (node-manager killed and started) ── bridge ── n2 ── c1
 */
import { callPlugin, PingMonitor, type NodePlan, until } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

describe('a node-manager that is killed and started again', () => {
  let scene: Scenario;
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 2 });
  });
  afterAll(() => scene.lab.down());

  it('interrupts no packet of a 10 ms ping, keeps every address and makes no peer shake hands again', async () => {
    const { lab } = scene;
    const [n1, n2] = lab.plan.nodes;
    if (n1 === undefined || n2 === undefined) throw new Error('the lab is too small');
    const [a, b] = scene.placesOf(n1);
    const [far] = scene.placesOf(n2);
    const before = await attachmentsOf(scene);
    const monitors = [
      new PingMonitor(a?.netnsPath ?? '', b?.addresses[0] ?? ''),
      new PingMonitor(a?.netnsPath ?? '', far?.addresses[1] ?? ''),
      new PingMonitor(far?.netnsPath ?? '', b?.addresses[0] ?? ''),
    ];
    // Two first handshakes that crossed are done once more after five seconds (WireGuard, section 6.1), whoever is killed.
    const handshakes = await until(20_000, 'no handshake to be young', async () => {
      const all = await handshakesOf(scene, n1);
      const youngest = Math.max(...[...all.values()].map(Number));
      return Date.now() / 1_000 - youngest > 7 ? all : new Error(`one is of ${youngest}`);
    });
    expect(handshakes.size).toBeGreaterThanOrEqual(3);

    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const old = lab.process(n1.id);
      old.kill(signal);
      expect(await old.ended(5_000)).toBe(true);
      lab.startNode(n1);
      await lab.nodeReady(n1);
    }

    const results = await Promise.all(monitors.map((monitor) => monitor.stop()));
    for (const { sent, lost } of results) {
      expect(sent).toBeGreaterThan(50);
      expect(lost).toEqual([]);
    }
    expect(await attachmentsOf(scene)).toEqual(before);
    expect(await handshakesOf(scene, n1)).toEqual(handshakes);
    for (const container of n1.containers) {
      expect((await callPlugin(lab.programs.plugin, { command: 'DEL', node: n1, container })).exitCode).toBe(0);
    }
  });
});

async function attachmentsOf({ lab }: Scenario): Promise<unknown> {
  const all = await Promise.all(
    lab.plan.nodes.map(async (node) => {
      const client = lab.nodeClient(node);
      const { items } = await client.attachments();
      await client.close();
      return items;
    }),
  );
  return all.flat();
}

/** Public key → time of the latest handshake, for the peers of both devices of a node. */
async function handshakesOf({ lab }: Scenario, node: NodePlan): Promise<Map<string, string>> {
  const client = lab.nodeClient(node);
  const [{ peers }, { items }] = [await client.status(), await client.attachments()];
  await client.close();
  const keys = new Set([...peers, ...items].map(({ publicKey }) => publicKey));
  // `wg` lists every userspace device of the machine, whatever the namespace: keep those of this node.
  const { stdout } = await inside(node.netnsPath, ['wg', 'show', 'all', 'latest-handshakes']);
  const rows = stdout.split('\n').map((line) => line.split('\t'));
  return new Map(rows.flatMap(([, key = '', at = '']) => (keys.has(key) && at !== '0' ? [[key, at] as const] : [])));
}
