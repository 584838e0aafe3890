/**
 * A node is deleted by force while nobody can tell it so: it evacuates and says so when it is back, and stays out.
 *
 *   c1 c50 ── n1 ──┐ (cut off from the control plane for a while)
 *                  ├── bridge ── etcd, cluster-manager
 *   c1 ────── n2 ──┘
 */
import { ping, until, type ContainerPlan, type NodePlan } from '@wgcni/testing';
import type { ManagerClient } from '@wgcni/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from '../inside.ts';
import type { Scenario } from '../scenario.ts';
import type { Machine } from './machine.ts';
import { bringUpOneNode, type OneNode } from './one-node.ts';
import type { Verbs } from './verbs.ts';

let scene: Scenario;
let n1: NodePlan;
let machine: Machine;
let verbs: Verbs;
let client: ManagerClient;
let container: OneNode['container'];
let close: OneNode['close'];

beforeAll(async () => {
  ({ scene, n1, machine, verbs, client, container, close } = await bringUpOneNode());
  expect((await verbs.add(container(0))).code).toBe(0);
});
afterAll(() => close());

const running = (): ContainerPlan => {
  const [first] = n1.containers;
  if (first === undefined) throw new Error('the node has no container');
  return first;
};
const becomes = (readiness: string) =>
  scene.lab.nodeStatusWhere(n1, (status) => status.readiness === readiness, 10_000);
/** Drops (`-A`) or passes again (`-D`) what n1 and the control plane have to say to each other; the mesh stays. */
async function cutOff(change: '-A' | '-D'): Promise<void> {
  const { v4 } = scene.lab.plan.control;
  const rule = (chain: string, side: string) => ['iptables', '-w', '-t', 'raw', change, chain, side, v4, '-j', 'DROP'];
  await inside(n1.netnsPath, rule('PREROUTING', '-s'));
  await inside(n1.netnsPath, rule('OUTPUT', '-d'));
}

const fromFar = async (): Promise<boolean> => {
  const [near, far] = scene.places;
  return (await ping(far?.netnsPath ?? '', near?.addresses[0] ?? '', { count: 1 })) !== undefined;
};

describe('a node that is deleted by force while it is cut off', () => {
  it('leaves the mesh at once, keeps its subnets reserved, and evacuates and says so when it is back', async () => {
    await cutOff('-A');
    await client.deleteNode(n1.id, { force: true });
    const mine = async (): Promise<string[]> =>
      (await client.subnets()).items.filter(({ nodeId }) => nodeId === n1.id).map(({ state }) => state);
    expect(await mine()).toEqual(['reserved', 'reserved']);
    await until(5_000, 'the others to let it go', async () => !(await fromFar()) || new Error('it answers still'));
    // It cannot know: its own containers go on, and it is far from two thirds of its hold-down.
    expect((await verbs.status()).code).toBe(0);

    await cutOff('-D');
    const { subnets } = await scene.lab.nodeStatusWhere(
      n1,
      ({ readiness, attachments }) => readiness === 'deleted' && attachments.orphaned === 2,
      10_000,
    );
    expect(subnets).toEqual([]);
    await until(10_000, 'the word that it has evacuated', async () => {
      const states = await mine();
      return states.every((state) => state === 'released') || new Error(states.join());
    });
    const { stdout } = await inside(n1.netnsPath, ['ip', 'route', 'show', 'proto', '87']);
    expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('unreachable'))).toEqual([]);
  });

  it('never registers again by itself, over a restart and a reboot; DEL works; an operator and --take-over bring it back', async () => {
    for (const again of [() => machine.restart(), () => machine.reboot()]) {
      await again();
      await becomes('deleted');
      expect((await verbs.status()).code).toBe(50);
      expect((await verbs.add(container(1))).code).toBe(50);
    }
    expect((await client.nodes()).items.filter(({ nodeId }) => nodeId === n1.id)).toEqual([]);
    for (const each of [running(), container(0)]) expect((await verbs.delete(each)).code).toBe(0);
    await machine.restart(['--take-over']);
    await becomes('deleted');
    await client.admit(n1.id);
    await machine.restart(['--take-over']);
    await scene.lab.nodeReady(n1);
    expect((await verbs.add(container(1))).code).toBe(0);
    expect((await verbs.status()).code).toBe(0);
  });
});
