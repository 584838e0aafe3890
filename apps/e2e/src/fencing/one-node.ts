/** A lab of which one node's clocks, calls and registrations are looked at, with the other as a bystander. */
import type { ManagerClient } from '@wgcni/api';
import { planContainer, type ContainerPlan, type NodePlan } from '@wgcni/testing';
import { bringUp, type Scenario } from '../scenario.ts';
import { Machine } from './machine.ts';
import { Verbs } from './verbs.ts';

export interface OneNode {
  scene: Scenario;
  n1: NodePlan;
  machine: Machine;
  verbs: Verbs;
  client: ManagerClient;
  /** A container that the lab did not plan; it has no namespace yet. */
  container(index: number): ContainerPlan;
  close(): Promise<void>;
}

/** Two nodes with a container each and registrations of 3 s; the first node's wall clock is set to 0. */
export async function bringUpOneNode(): Promise<OneNode> {
  const managerFlags = ['--registration-ttl', '3s'];
  const scene = await bringUp({ nodes: 2, containersPerNode: 1, managers: 1, etcd: 1 }, { managerFlags });
  const { lab } = scene;
  const [n1] = lab.plan.nodes;
  if (n1 === undefined) throw new Error('the lab has no node');
  const machine = new Machine(lab, n1);
  const client = lab.managerClient();
  await machine.setWallClock(0);
  return {
    ...{ scene, n1, machine, verbs: new Verbs(lab, n1), client },
    container: (index) => planContainer(lab.plan.name, 1, 50 + index),
    close: async () => {
      await client.close();
      await lab.down();
    },
  };
}
