/** Which silent nodes lose their subnets, and which released subnets have rested long enough (design §4.5, §5). */

/** What stands under a subnet's key, as far as time goes; `cidr` in canonical text. */
export interface AgingSubnet {
  cidr: string;
  nodeId: string;
  state: 'held' | 'reserved' | 'released';
  /** Silence or rest that leaders measured and checkpointed, in milliseconds. */
  silentMs: number;
}

export interface ReclaimQuestion {
  /** Every node that has a record, silent or not. */
  nodes: readonly string[];
  /** Nodes without a registration; deleted nodes may be among them. */
  silent: ReadonlySet<string>;
  subnets: readonly AgingSubnet[];
  holdDownMs: number;
}

/** A node whose subnets are all due, and the canonical text of each. */
export interface DueNode {
  nodeId: string;
  subnets: string[];
}

export type ReclaimPlan =
  | { kind: 'reclaim'; due: DueNode[] }
  /** More than half of the nodes are silent: it may be us who cannot hear. Only an operator forgets nodes now, by name. */
  | { kind: 'withheld'; due: DueNode[]; silentCount: number; nodeCount: number; why: string };

/** All subnets of a node or none: one that has just been granted keeps the others. An empty `due` means that there is nothing to do. */
export function planReclaim({ nodes, silent, subnets, holdDownMs }: ReclaimQuestion): ReclaimPlan {
  const owned = new Map<string, AgingSubnet[]>();
  for (const subnet of subnets) {
    if (subnet.state !== 'released') owned.set(subnet.nodeId, [...(owned.get(subnet.nodeId) ?? []), subnet]);
  }
  const due = [...owned]
    .filter(([nodeId, held]) => silent.has(nodeId) && held.every(({ silentMs }) => silentMs >= holdDownMs))
    .map(([nodeId, held]) => ({ nodeId, subnets: held.map(({ cidr }) => cidr) }));
  const silentCount = nodes.filter((nodeId) => silent.has(nodeId)).length;
  const nodeCount = nodes.length;
  // FENCE: a leader that hears less than half of the nodes takes nothing from anyone.
  if (silentCount * 2 <= nodeCount) return { kind: 'reclaim', due };
  const why = `${silentCount} of ${nodeCount} nodes are silent, more than half: nothing is reclaimed`;
  return { kind: 'withheld', due, silentCount, nodeCount, why };
}

/** The released subnets that have rested for `restMs`: their keys go, and they can be granted again. */
export function restedSubnets(subnets: readonly AgingSubnet[], restMs: number): string[] {
  return subnets.filter(({ state, silentMs }) => state === 'released' && silentMs >= restMs).map(({ cidr }) => cidr);
}
