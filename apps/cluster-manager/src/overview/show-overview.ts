/** The cluster at a glance: what the store says of nodes and pools, beside what nodes say of themselves. */
import type { Overview, OverviewNode, OverviewPool, ReportSummary } from '@wgcni/api';
import { parseCidr, widthOf, type Cidr } from '@wgcni/ipam';
import { showPools } from '../network/show-network.ts';
import { leaderOf } from '../readiness.ts';
import { showNodes, showSubnet } from '../registry/show-node.ts';
import type { Replica } from '../replica.ts';
import type { Gathered } from '../report/gather.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import { pairTunnels, type Tunnels } from './pair-tunnels.ts';

/** What was made of the reports that were gathered last: everybody who looks within that second gets the same. */
const pairings = new WeakMap<Gathered, Tunnels>();

export function showOverview(replica: Replica, gathered: Gathered): Overview {
  const { state } = replica;
  const { reports, unheard } = gathered;
  const told = new Map(reports.map((report) => [report.nodeId, report]));
  const known = showNodes(state);
  const present = new Set(
    known.filter(({ state: is }) => is === 'live' || is === 'draining').map(({ nodeId }) => nodeId),
  );
  const { shown, total, broken } = pairingOf(gathered, present, known.length - present.size);
  const nodes = known.map(({ nodeId, state: standing, silentSec, version, subnets }): OverviewNode => ({
    ...{ nodeId, state: standing, silentSec, version, subnets: subnets.map(({ cidr }) => cidr) },
    ...{ report: briefly(told.get(nodeId)), hasBroken: broken.has(nodeId) },
  }));
  return {
    at: new Date(replica.clock.wallMs()).toISOString(),
    cluster: replica.cluster,
    networkId: state.network.get(state.keys.network)?.record.networkId ?? null,
    self: replica.id,
    leader: leaderOf(replica)?.replicaId ?? null,
    recovering: replica.recovery.isRecovering(),
    synced: replica.isSynced(),
    replicas: state.replicas.all().map(({ record: { replicaId, version } }) => ({
      ...{ replicaId, version, isHeard: !unheard.includes(replicaId) },
    })),
    pools: poolsOf(state),
    nodes,
    tunnels: shown,
    tunnelsNotUp: total,
    revision: state.revision,
  };
}

function pairingOf(gathered: Gathered, present: ReadonlySet<string>, absent: number): Tunnels {
  const before = pairings.get(gathered);
  if (before !== undefined) return before;
  const pairing = pairTunnels(gathered.reports, { isThere: (nodeId) => present.has(nodeId), absent });
  pairings.set(gathered, pairing);
  return pairing;
}

function briefly(report: ReportSummary | undefined): OverviewNode['report'] {
  if (report === undefined) return null;
  const { ageSec, peers, tunnelsNotUp, attachmentsTotal, addresses, problems } = report;
  const addressesTaken = addresses.reduce((sum, { taken }) => sum + taken, 0);
  return { ageSec, peers, tunnelsNotUp, attachments: attachmentsTotal, addressesTaken, problems };
}

/** Each pool with what is taken of it, where it lies in the pool. */
function poolsOf(state: ClusterState): OverviewPool[] {
  if (state.network.get(state.keys.network) === undefined) return [];
  const pools = showPools(state).map((pool) => ({ ...pool, base: parseCidr(pool.cidr), blocks: [] as Block[] }));
  const byCidr = new Map(pools.map((pool) => [pool.cidr, pool]));
  for (const kept of state.subnets.all()) {
    const { cidr, pool, nodeId, state: standing } = showSubnet(state, kept);
    const found = byCidr.get(pool);
    if (found !== undefined)
      found.blocks.push({ at: placeOf(parseCidr(cidr), found.base), cidr, nodeId, state: standing });
  }
  return pools.map(({ cidr, prefixLength, subnets, taken, blocks }) => ({
    ...{ cidr, prefixLength, subnets, taken },
    blocks: blocks
      .sort((one, other) => (one.at < other.at ? -1 : 1))
      .map((block) => ({ ...block, at: String(block.at) })),
  }));
}

type Block = Omit<OverviewPool['blocks'][number], 'at'> & { at: bigint };

/** Which of the subnets of its length it is, from 0. */
function placeOf(subnet: Cidr, pool: Cidr): bigint {
  return (subnet.base - pool.base) >> BigInt(widthOf(subnet.family) - subnet.length);
}
