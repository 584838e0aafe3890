/** A cluster at a glance, of so many nodes, for tests of what is drawn. */
import type { Overview, OverviewNode } from '../../manager/overview.ts';

/** Nodes `n1` … that are live and have told that all is well. */
export function overviewOf(count: number, change: Partial<Overview> = {}): Overview {
  return {
    ...{ at: '2026-01-01T12:00:00.000Z', cluster: 'main', networkId: 'ab'.repeat(16), self: 'm1', leader: 'm1' },
    ...{ recovering: false, synced: true, replicas: [{ replicaId: 'm1', version: '1', isHeard: true }] },
    nodes: Array.from({ length: count }, (_, index) => nodeOf(`n${index + 1}`, count)),
    ...{ pools: [], tunnels: [], tunnelsNotUp: 0, revision: 7 },
    ...change,
  };
}

export function nodeOf(nodeId: string, count: number, change: Partial<OverviewNode> = {}): OverviewNode {
  const told = { ageSec: 3, peers: count - 1, tunnelsNotUp: 0, attachments: 2, addressesTaken: 2, problems: [] };
  return { nodeId, state: 'live', silentSec: 0, version: '1', subnets: ['10.64.0.0/24'], report: told, ...change };
}

export function brokenBetween(from: string, to: string): Overview['tunnels'][number] {
  return { from, to, state: 'broken', since: '2026-01-01T11:59:00Z', cause: 'nothing comes through' };
}
