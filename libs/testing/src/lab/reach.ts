/** Who reaches whom: every container to every other, to its gateway, and every node's host to every container. */
import type { LabPlan } from './plan.ts';
import { ping } from './ping.ts';

export interface Place {
  id: string;
  nodeId: string;
  netnsPath: string;
  /** Addresses without prefix length; a node has none here. */
  addresses: string[];
}

export interface Path {
  from: string;
  to: string;
  address: string;
  /** Milliseconds; undefined when nothing came back. */
  roundTripMs: number | undefined;
}

/** Pings every address of every container from every other container and from every node's host; places in parallel, targets in turn. */
export async function reachEveryone(plan: LabPlan, containers: readonly Place[]): Promise<Path[]> {
  const hosts: Place[] = plan.nodes.map((node) => ({
    id: node.id,
    nodeId: node.id,
    netnsPath: node.netnsPath,
    addresses: [],
  }));
  const paths = await Promise.all([...containers, ...hosts].map((from) => reachFrom(from, containers)));
  return paths.flat();
}

async function reachFrom(from: Place, containers: readonly Place[]): Promise<Path[]> {
  const paths: Path[] = [];
  for (const to of containers.filter(({ id }) => id !== from.id)) {
    for (const address of to.addresses) {
      paths.push({ from: from.id, to: to.id, address, roundTripMs: await ping(from.netnsPath, address) });
    }
  }
  return paths;
}
