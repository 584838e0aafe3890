/** PURE: what the ends of tunnels say of them, as one list of pairs. */
import { mostTunnelsShown, type OverviewTunnel, type ReportSummary } from '@wgcni/api';

export interface Tunnels {
  /** The broken ones first, then by name. */
  shown: OverviewTunnel[];
  /** How many pairs there are, also beyond those that are shown. */
  total: number;
}

/** `isThere` tells whether a node is registered: of a tunnel to one that is silent or has left, that says everything. */
export function pairTunnels(
  reports: readonly Pick<ReportSummary, 'nodeId' | 'tunnels'>[],
  isThere: (nodeId: string) => boolean,
): Tunnels {
  const pairs = new Map<string, OverviewTunnel>();
  for (const { nodeId, tunnels } of reports) {
    for (const { nodeId: to, state, since, cause } of tunnels) {
      if (!isThere(nodeId) || !isThere(to)) continue;
      const pair = nodeId < to ? `${nodeId} ${to}` : `${to} ${nodeId}`;
      const said = { from: nodeId, to, state, since, cause };
      const before = pairs.get(pair);
      if (before === undefined || isGraver(said, before)) pairs.set(pair, said);
    }
  }
  const sorted = [...pairs.values()].sort((one, other) => orderOf(one) - orderOf(other) || byName(one, other));
  return { shown: sorted.slice(0, mostTunnelsShown), total: sorted.length };
}

/** One end that says broken outweighs one that does not know; of two that say the same, the first by name. */
function isGraver(one: OverviewTunnel, other: OverviewTunnel): boolean {
  return orderOf(one) < orderOf(other) || (one.state === other.state && one.from < other.from);
}

function orderOf({ state }: OverviewTunnel): number {
  return state === 'broken' ? 0 : 1;
}

function byName(one: OverviewTunnel, other: OverviewTunnel): number {
  return one.from === other.from ? (one.to < other.to ? -1 : 1) : one.from < other.from ? -1 : 1;
}
