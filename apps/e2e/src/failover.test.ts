/**
 * The leader goes: the next write of a node-manager finds a new one in time, and no container notices.
 *
 *   c1 ── n1 ──┐
 *              ├── bridge ── etcd ×3, cluster-manager ×3 (one leads)
 *   c1 ── n2 ──┘
 */
import { PingMonitor, until, type NodePlan } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

describe('the loss of the leading cluster-manager', () => {
  let scene: Scenario;
  let extraAddress = 100;
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 1 });
  });
  afterAll(() => scene.lab.down());

  /** Makes the node-manager write: its underlay gains an address, which it publishes as an endpoint. */
  async function publishNewEndpoint(node: NodePlan): Promise<void> {
    extraAddress += 1;
    const address = `192.0.2.${extraAddress}`;
    await inside(node.netnsPath, ['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    const client = scene.lab.managerClient();
    await until(30_000, `${address} among the endpoints of ${node.id}`, async () => {
      const { endpoints } = await client.node(node.id);
      return endpoints.includes(`${address}:51820`) || new Error(`they are ${endpoints.join(', ')}`);
    });
    await client.close();
  }

  /** Ends the leader and returns how long the next write took, in ms; pings run meanwhile and must lose nothing. */
  async function loseLeader(signal: NodeJS.Signals): Promise<number> {
    const { lab, places } = scene;
    const [node] = lab.plan.nodes;
    const [from, to] = places;
    if (node === undefined || from === undefined || to === undefined) throw new Error('the lab is too small');
    const leader = await lab.leaderKnown();
    const monitor = new PingMonitor(from.netnsPath, to.addresses[0] ?? '');
    await monitor.underWay();
    lab.process(leader.replicaId).kill(signal);
    const startedAt = performance.now();
    await publishNewEndpoint(node);
    const tookMs = performance.now() - startedAt;
    const pings = await monitor.stop();
    expect(pings.sent).toBeGreaterThan(5);
    expect(pings.lost).toEqual([]);
    expect((await lab.leaderKnown()).replicaId).not.toBe(leader.replicaId);
    expect(await lab.process(leader.replicaId).ended(5_000)).toBe(true);
    lab.startManager(leader.replicaId);
    return tookMs;
  }

  it('is over within 6 s of SIGKILL for a running node-manager', async () => {
    const tookMs = await loseLeader('SIGKILL');
    console.log(`next write after SIGKILL of the leader: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(6_000);
  });

  it('is over within 0.5 s of SIGTERM', async () => {
    const tookMs = await loseLeader('SIGTERM');
    console.log(`next write after SIGTERM of the leader: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(500);
  });
});
