/** A lab for one test file: random name, brought up with its containers, taken down whatever happened. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import {
  findPrograms,
  Lab,
  planLab,
  type LabOptions,
  type LabPlan,
  type LabSize,
  type NodePlan,
  type Place,
} from '@wgcni/testing';

export interface Scenario {
  lab: Lab;
  places: Place[];
  /** The places of one node. */
  placesOf(node: NodePlan): Place[];
}

export interface ScenarioOptions extends LabOptions {
  /** Prepares what must be there before anything starts, such as file systems. */
  beforeUp?: (plan: LabPlan) => Promise<void>;
}

const root = resolve(import.meta.dirname, '../../..');

/** Brings up a lab of that size and attaches its containers. The caller calls `lab.down()` in any case. */
export async function bringUp(size: LabSize = {}, { beforeUp, ...options }: ScenarioOptions = {}): Promise<Scenario> {
  const lab = new Lab(planLab(`e${randomBytes(3).toString('hex')}`, size), await findPrograms(root), options);
  try {
    await beforeUp?.(lab.plan);
    await lab.up();
    const places = await Promise.all(lab.plan.nodes.map((node) => joinAll(lab, node)));
    const flat = places.flat();
    return { lab, places: flat, placesOf: (node) => flat.filter(({ nodeId }) => nodeId === node.id) };
  } catch (error) {
    await lab.down();
    throw error;
  }
}

async function joinAll(lab: Lab, node: NodePlan): Promise<Place[]> {
  const places: Place[] = [];
  for (const container of node.containers) {
    const result = await lab.addContainer(node, container);
    const addresses = result.ips.map(({ address }) => address.replace(/\/.*/, ''));
    places.push({ id: container.id, nodeId: node.id, netnsPath: container.netnsPath, addresses });
  }
  return places;
}
