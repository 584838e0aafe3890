/**
 * Another machine takes a node's id over: the old instance fences itself, and stays so.
 *
 *   c1 ── n1 ──┐                  ┌── n9: another machine that says it is n1
 *              ├── bridge ────────┤
 *   c1 ── n2 ──┘                  └── etcd, cluster-manager
 */
import { ping, planLab, processFlags, removeNetns, until, type NodePlan } from '@wgcni/testing';
import type { ManagerClient } from '@wgcni/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
afterAll(() => close());

const becomes = (readiness: string) =>
  scene.lab.nodeStatusWhere(n1, (status) => status.readiness === readiness, 10_000);
const fromFar = async (): Promise<boolean> => {
  const [near, far] = scene.places;
  return (await ping(far?.netnsPath ?? '', near?.addresses[0] ?? '', { count: 1 })) !== undefined;
};

describe('two instances of one node id', () => {
  it('the old one fences itself at its next renewal, and stays so until it is told to take over', async () => {
    const { lab } = scene;
    const n9 = planLab(lab.plan.name, { nodes: 9 }).nodes[8];
    if (n9 === undefined) throw new Error('the plan is too small');
    await lab.addNode(n9);
    const asN1 = ['--node-id', n1.id, ...processFlags(lab.plan, n1.id)];
    const other = lab.startNodeElsewhere(n9, [...asN1, '--take-over']);
    const { subnets } = await lab.nodeReady(n9);
    const takenAt = performance.now();
    const { reason } = await becomes('duplicate');
    // A third of the TTL until the renewal, and what polling takes.
    expect(performance.now() - takenAt).toBeLessThan(2_500);
    expect(reason).toContain('--take-over');
    expect((await verbs.add(container(0))).code).toBe(50);
    expect((await verbs.status()).code).toBe(50);
    await machine.restart();
    await becomes('duplicate');

    other.kill('SIGKILL');
    expect(await other.ended(5_000)).toBe(true);
    await removeNetns(n9.netns);
    await until(10_000, 'the end of the registration', async () => {
      const { state } = await client.node(n1.id);
      return state === 'silent' || new Error(`it is ${state}`);
    });
    await machine.reboot();
    await becomes('duplicate');
    expect((await verbs.add(container(0))).code).toBe(50);
    expect((await client.node(n1.id)).state).toBe('silent');

    await machine.restart(['--take-over']);
    expect((await lab.nodeReady(n1)).subnets).toEqual(subnets);
    expect((await verbs.add(container(0))).code).toBe(0);
    await until(10_000, 'the mesh', async () => (await fromFar()) || new Error('no answer from n1'));
  });
});
