/**
 * Etcd loses what it knew, under running pings: the mesh stays up, and every record comes back as it was.
 *
 *   c1 ── n1 ──┐
 *   c1 ── n2 ──┼── bridge ── cluster-manager ×3, etcd ×3: restored from an old snapshot, then emptied
 *   c1 ── n3 ──┤
 *         n4 ──┘   joins while the store is being put right
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  addContainer,
  addContainerNetns,
  planContainer,
  planLab,
  PingMonitor,
  restoreSnapshot,
  readPrefix,
  saveSnapshot,
  until,
  type NodePlan,
  type Place,
} from '@wgcni/testing';
import { keysOf, type SubnetRecord } from '@wgcni/store';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, type Scenario } from './scenario.ts';

describe('a store that loses what it knew', () => {
  let scene: Scenario;
  let nodes: NodePlan[];
  let places: Place[];

  beforeAll(async () => {
    scene = await bringUp({ nodes: 1, containersPerNode: 1 }, { managerFlags: ['--registration-ttl', '4s'] });
    nodes = planLab(scene.lab.plan.name, { nodes: 4, containersPerNode: 1 }).nodes;
    places = [...scene.places];
  });
  afterAll(() => scene.lab.down());

  it('is restored from a snapshot taken before two nodes joined: no packet lost, no subnet granted twice, all records back', async () => {
    const { lab } = scene;
    const snapshot = await saveSnapshot(lab.programs, lab.plan);
    for (const node of nodes.slice(1, 3)) places.push(await joinNode(node));
    const before = await ownersOf(scene);
    expect(before.size).toBe(6);

    const monitors = monitorRing(places);
    await stopEtcd();
    await restoreSnapshot(lab.programs, lab.plan, snapshot);
    await lab.startAllEtcd();
    // In the restored store the subnets of n2 and n3 are free: a fourth node must not be granted them.
    const fourth = nodes[3];
    if (fourth === undefined) throw new Error('the lab is too small');
    await lab.addNode(fourth);
    lab.startNode(fourth);
    await until(60_000, 'all records to be back', async () => contains(await ownersOf(scene), before));
    const { subnets } = await lab.nodeReady(fourth);
    expect(subnets).toHaveLength(2);
    const after = await ownersOf(scene);
    expect(contains(after, before)).toBe(true);
    expect(after.size).toBe(8);
    await allMeshed();
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
    await lab.leaderKnown();
    const view = join(nodes[0]?.dataDir ?? '', 'view.json');
    await execa(lab.programs.wgcni, [...lab.wgcniFlags(), 'network', 'restore', view]);
    await until(60_000, 'all records to be back', async () => contains(await ownersOf(scene), before));
    expect((await ownersOf(scene)).size).toBe(before.size);
    await allMeshed();
    await expectNothingLost(monitors);
  });

  async function allMeshed(): Promise<void> {
    for (const node of nodes)
      await scene.lab.nodeStatusWhere(
        node,
        ({ isRegistered, peers }) =>
          isRegistered && peers.length === nodes.length - 1 && peers.every(({ state }) => state === 'programmed'),
      );
  }

  async function joinNode(node: NodePlan): Promise<Place> {
    const { lab } = scene;
    await lab.addNode(node);
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

/** Subnet → node and grant, from etcd itself: a cluster-manager may still show what it knew before. */
async function ownersOf({ lab }: Scenario): Promise<Map<string, string>> {
  const values = await readPrefix(lab.programs.etcdctl, lab.plan, keysOf(lab.plan.cluster).subnets);
  const records = values.map((value) => JSON.parse(value) as SubnetRecord);
  return new Map(records.map(({ cidr, nodeId, grantId, state }) => [cidr, `${nodeId} ${grantId} ${state}`]));
}

function contains(found: Map<string, string>, wanted: Map<string, string>): true | Error {
  const missing = [...wanted].filter(([cidr, owner]) => found.get(cidr) !== owner);
  return (
    missing.length === 0 || new Error(`not as before: ${JSON.stringify(missing)}, but ${JSON.stringify([...found])}`)
  );
}

function monitorRing(places: readonly Place[]): PingMonitor[] {
  return places.map((from, index) => {
    const to = places[(index + 1) % places.length];
    return new PingMonitor(from.netnsPath, to?.addresses[index % 2] ?? '', 20);
  });
}

async function expectNothingLost(monitors: PingMonitor[]): Promise<void> {
  for (const { sent, lost } of await Promise.all(monitors.map((monitor) => monitor.stop()))) {
    expect(sent).toBeGreaterThan(40);
    expect(lost).toEqual([]);
  }
}
