/** PURE: what the ends of tunnels say of them, as one list of pairs. */
import { mostTunnelsShown, type OverviewTunnel, type ReportSummary } from '@wgcni/api';

export interface Tunnels {
  /** The broken ones first, then by name; of more than are shown, some of each node. */
  shown: OverviewTunnel[];
  /** How many pairs there are, also beyond those that are shown; at least, where reports could not name all. */
  total: number;
  /** Registered nodes of which a tunnel to a registered node is broken. */
  broken: ReadonlySet<string>;
}

export interface Register {
  /** Whether a node is registered: of a tunnel to one that is silent or has left, that says everything. */
  isThere: (nodeId: string) => boolean;
  /** How many nodes are known and not registered. */
  absent: number;
}

type Said = Pick<ReportSummary, 'nodeId' | 'tunnels' | 'tunnelsNotUp'>;

export function pairTunnels(reports: readonly Said[], { isThere, absent }: Register): Tunnels {
  const pairs = new Map<string, OverviewTunnel>();
  const broken = new Set<string>();
  let ends = 0;
  for (const { nodeId, tunnels, tunnelsNotUp } of reports) {
    if (!isThere(nodeId)) continue;
    const there = tunnels.filter(({ nodeId: to }) => isThere(to));
    for (const { nodeId: to, state, since, cause } of there) {
      const pair = nodeId < to ? `${nodeId} ${to}` : `${to} ${nodeId}`;
      const said = { from: nodeId, to, state, since, cause };
      const before = pairs.get(pair);
      if (before === undefined || isGraver(said, before)) pairs.set(pair, said);
      if (state === 'broken') broken.add(nodeId).add(to);
    }
    // Of those that it could not name, not more can lead to nodes that are not there than there are such nodes.
    const unnamed = Math.max(0, tunnelsNotUp - absent - there.length);
    ends += there.length + (tunnelsNotUp > tunnels.length ? unnamed : 0);
    // Broken ones are named first: where one that is not broken is named, so are all that are.
    if (tunnelsNotUp > tunnels.length && unnamed > 0 && tunnels.every(({ state }) => state === 'broken'))
      broken.add(nodeId);
  }
  const sorted = [...pairs.values()].sort(inOrder);
  return { shown: someOfEach(sorted), total: Math.max(sorted.length, Math.ceil(ends / 2)), broken };
}

/** All, or so many that each node is among them before one comes again. */
function someOfEach(sorted: OverviewTunnel[]): OverviewTunnel[] {
  if (sorted.length <= mostTunnelsShown) return sorted;
  const told = new Map<string, number>();
  const ranked = sorted.map((tunnel) => {
    const rank = told.get(tunnel.from) ?? 0;
    told.set(tunnel.from, rank + 1);
    return { tunnel, rank };
  });
  return ranked
    .sort((one, other) => orderOf(one.tunnel) - orderOf(other.tunnel) || one.rank - other.rank)
    .slice(0, mostTunnelsShown)
    .map(({ tunnel }) => tunnel)
    .sort(inOrder);
}

/** One end that says broken outweighs one that does not know; of two that say the same, the first by name. */
function isGraver(one: OverviewTunnel, other: OverviewTunnel): boolean {
  return orderOf(one) < orderOf(other) || (one.state === other.state && one.from < other.from);
}

function inOrder(one: OverviewTunnel, other: OverviewTunnel): number {
  return orderOf(one) - orderOf(other) || byName(one, other);
}

function orderOf({ state }: OverviewTunnel): number {
  return state === 'broken' ? 0 : 1;
}

function byName(one: OverviewTunnel, other: OverviewTunnel): number {
  return one.from === other.from ? (one.to < other.to ? -1 : 1) : one.from < other.from ? -1 : 1;
}
