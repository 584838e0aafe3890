/** Who reaches whom: every container every other and its gateways, and every node's host every container. */
import type { LabPlan } from './plan.ts';
import { ping } from './ping.ts';

export interface Place {
  id: string;
  nodeId: string;
  netnsPath: string;
  /** Addresses without prefix length; a node has none here. */
  addresses: string[];
  /** Its next hops, where they are to be reached too. */
  gateways?: string[];
}

export interface Path {
  from: string;
  to: string;
  address: string;
  /** Milliseconds; undefined when nothing came back. */
  roundTripMs: number | undefined;
}

/** Round-trip times in milliseconds from one place, by address; those that did not answer are not in it. */
export type PingFrom = (from: Place, addresses: readonly string[]) => Promise<ReadonlyMap<string, number>>;

/** All pairs of a lab on this machine; places in parallel, their targets in turn. */
export async function reachEveryone(plan: LabPlan, containers: readonly Place[]): Promise<Path[]> {
  const hosts = plan.nodes.map(({ id, netnsPath }) => ({ id, nodeId: id, netnsPath, addresses: [] }));
  return reachAll(hosts, containers, pingInTurn);
}

/** The same wherever they are. */
export async function reachAll(
  hosts: readonly Place[],
  containers: readonly Place[],
  pingFrom: PingFrom,
): Promise<Path[]> {
  const paths = await Promise.all(
    [...containers, ...hosts].map(async (from) => {
      const targets = targetsOf(from, containers);
      const times = await pingFrom(
        from,
        targets.map(({ address }) => address),
      );
      return targets.map((target) => ({ from: from.id, ...target, roundTripMs: times.get(target.address) }));
    }),
  );
  return paths.flat();
}

function targetsOf(from: Place, containers: readonly Place[]): Pick<Path, 'to' | 'address'>[] {
  const others = containers.filter(({ id }) => id !== from.id);
  return [
    ...others.flatMap(({ id, addresses }) => addresses.map((address) => ({ to: id, address }))),
    ...(from.gateways ?? []).map((address) => ({ to: `${from.nodeId} (gateway)`, address })),
  ];
}

async function pingInTurn({ netnsPath }: Place, addresses: readonly string[]): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const address of addresses) {
    const roundTripMs = await ping(netnsPath, address);
    if (roundTripMs !== undefined) times.set(address, roundTripMs);
  }
  return times;
}
