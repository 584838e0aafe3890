/**
 * Etcd loses what it knew, under running pings: the mesh stays up, and every record comes back as it was.
 *
 *   c1 ── n1 ──┐
 *   c1 ── n2 ──┼── bridge ── cluster-manager ×3, etcd ×3: restored from an old snapshot, then emptied
 *   c1 ── n3 ──┘
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  addContainer,
  addContainerNetns,
  addNode,
  planContainer,
  planLab,
  PingMonitor,
  restoreSnapshot,
  saveSnapshot,
  until,
  type NodePlan,
  type Place,
} from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, type Scenario } from './scenario.ts';

describe('a store that loses what it knew', () => {
  let scene: Scenario;
  let nodes: NodePlan[];
  let places: Place[];

  beforeAll(async () => {
    scene = await bringUp({ nodes: 1, containersPerNode: 1 }, { managerFlags: ['--registration-ttl', '4s'] });
    nodes = planLab(scene.lab.plan.name, { nodes: 3, containersPerNode: 1 }).nodes;
    places = [...scene.places];
  });
  afterAll(() => scene.lab.down());

  it('is restored from a snapshot taken before two nodes joined: no packet lost, no subnet granted twice, all records back', async () => {
    const { lab } = scene;
    const snapshot = join(lab.plan.dir, 'before-two-joined.db');
    await saveSnapshot(lab.programs.etcdctl, lab.plan, snapshot);
    for (const node of nodes.slice(1)) places.push(await joinNode(node));
    const before = await ownersOf(scene);
    expect(before.size).toBe(6);

    const monitors = monitorRing(places);
    await stopEtcd();
    await restoreSnapshot(lab.programs.etcdctl, lab.plan, snapshot);
    await lab.startAllEtcd();
    await until(60_000, 'all records to be back', async () => sameMap(await ownersOf(scene), before));
    for (const node of nodes)
      await lab.nodeStatusWhere(
        node,
        ({ isRegistered, peers }) => isRegistered && peers.every(({ state }) => state === 'programmed'),
      );
    await expectNothingLost(monitors);
  });

  it('is emptied and given the network back by a node: no packet lost, all records back', async () => {
    const { lab } = scene;
    const before = await ownersOf(scene);
    const monitors = monitorRing(places);
    await stopEtcd();
    for (const { dataDir } of lab.plan.etcd) await rm(dataDir, { recursive: true, force: true });
    await lab.startAllEtcd();
    // An emptied store is a new network to nobody: an operator gives it back from what a node has stored.
    const managers = lab.plan.managers.map(({ url }) => url).join(',');
    await lab.leaderKnown();
    await execa(lab.programs.wgcni, [
      '--manager',
      managers,
      'network',
      'restore',
      join(nodes[0]?.dataDir ?? '', 'view.json'),
    ]);
    await until(60_000, 'all records to be back', async () => sameMap(await ownersOf(scene), before));
    for (const node of nodes)
      await lab.nodeStatusWhere(
        node,
        ({ isRegistered, peers }) => isRegistered && peers.every(({ state }) => state === 'programmed'),
      );
    await expectNothingLost(monitors);
  });

  async function joinNode(node: NodePlan): Promise<Place> {
    const { lab } = scene;
    await addNode(lab.plan, node);
    lab.startNode(node);
    await lab.nodeReady(node);
    const container = node.containers[0] ?? planContainer(lab.plan.name, 2, 1);
    await addContainerNetns(container);
    const { ips } = await addContainer(lab.programs.plugin, node, container);
    return {
      id: container.id,
      nodeId: node.id,
      netnsPath: container.netnsPath,
      addresses: ips.map(({ address }) => address.replace(/\/.*/, '')),
    };
  }

  async function stopEtcd(): Promise<void> {
    for (const { name } of scene.lab.plan.etcd) {
      scene.lab.process(name).kill('SIGKILL');
      expect(await scene.lab.process(name).ended(5_000)).toBe(true);
    }
  }
});

/** Subnet → node and grant. */
async function ownersOf({ lab }: Scenario): Promise<Map<string, string>> {
  const client = lab.managerClient();
  try {
    const { items } = await client.subnets();
    return new Map(items.map(({ cidr, nodeId, grantId, state }) => [cidr, `${nodeId} ${grantId} ${state}`]));
  } finally {
    await client.close();
  }
}

function sameMap(found: Map<string, string>, wanted: Map<string, string>): true | Error {
  const show = (map: Map<string, string>): string => JSON.stringify([...map].sort());
  return show(found) === show(wanted) || new Error(`${show(found)} instead of ${show(wanted)}`);
}

function monitorRing(places: readonly Place[]): PingMonitor[] {
  return places.map((from, index) => {
    const to = places[(index + 1) % places.length];
    return new PingMonitor(from.netnsPath, to?.addresses[index % 2] ?? '', 20);
  });
}

async function expectNothingLost(monitors: PingMonitor[]): Promise<void> {
  for (const { sent, lost } of await Promise.all(monitors.map((monitor) => monitor.stop()))) {
    expect(sent).toBeGreaterThan(100);
    expect(lost).toEqual([]);
  }
}
