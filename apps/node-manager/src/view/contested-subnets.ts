/** PURE: a subnet that two nodes are known to hold belongs to the newer grant; the other record is a memory of it. */
import type { KnownNode } from './cluster-view.ts';

/** The nodes with every subnet left to one of them: to what the store shows before what it lacks, then to the newer record. */
export function withoutContested(nodes: readonly KnownNode[]): KnownNode[] {
  const holdings = nodes.flatMap(({ nodeId, state, modRevision, subnets }) =>
    subnets.map(({ cidr, isUnaccounted }) => {
      return { nodeId, cidr, modRevision, isShown: state === 'present' && isUnaccounted !== true };
    }),
  );
  holdings.sort((one, other) => Number(other.isShown) - Number(one.isShown) || other.modRevision - one.modRevision);
  const owners = new Map<string, string>();
  for (const { nodeId, cidr } of holdings) if (!owners.has(cidr)) owners.set(cidr, nodeId);
  return nodes.map((node) => {
    const subnets = node.subnets.filter(({ cidr }) => owners.get(cidr) === node.nodeId);
    return subnets.length === node.subnets.length ? node : { ...node, subnets };
  });
}
