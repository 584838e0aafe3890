/** What a cluster-manager tells Prometheus of itself and, from its view of the store, of the cluster. */
import type { Node } from '@wgcni/api';
import { Metrics, type Reading } from '@wgcni/api/server';
import { livesOf, type ProcessCredentials } from '@wgcni/pki';
import type { Replica } from '../replica.ts';
import type { PoolUse } from './pool-use.ts';

export interface ReplicaSources {
  replica: Replica;
  /** As they are at this instant. */
  nodes: () => readonly Pick<Node, 'nodeId' | 'state' | 'silentSec'>[];
  use: Pick<PoolUse, 'subnets' | 'untilFull'>;
  credentials: Pick<ProcessCredentials, 'tls' | 'etcd'>;
}

const nodeStates = ['live', 'draining', 'silent', 'deleted'] as const;

export function replicaMetrics({ replica, nodes, use, credentials }: ReplicaSources): Metrics {
  const { version, election, recovery, state, meters } = replica;
  const metrics = new Metrics({ program: 'cluster-manager', version, certificates: () => livesOf(credentials) });
  const one = (name: string, help: string, read: () => number | boolean): void =>
    metrics.gauge(name, help, [], () => [{ value: Number(read()) }]);
  one('wgcni_leader', 'whether this replica believes that it leads', () => election.leadership !== undefined);
  one('wgcni_synced', 'whether its view follows the store', () => replica.isSynced());
  one('wgcni_recovering', 'whether it grants only what nodes claim', () => recovery.isRecovering());
  one('wgcni_store_revision', 'the revision of the store that it has seen', () => state.revision);
  one('wgcni_quarantined', 'records that could not be read', () => state.quarantinedCount);
  one('wgcni_clients', 'clients that may dial in', () => state.clients.all().length);
  metrics.gauge('wgcni_nodes', 'nodes by state: live, draining, silent, deleted', ['state'], () => countOf(nodes()));
  const silent = 'of each node that is silent, since when, as of the last reading';
  metrics.gauge('wgcni_silent_seconds', silent, ['node'], () =>
    nodes().flatMap(({ nodeId, state: is, silentSec }): Reading[] =>
      is === 'silent' ? [{ labels: { node: nodeId }, value: silentSec }] : [],
    ),
  );
  metrics.gauge(
    'wgcni_subnets',
    'subnets of each pool by state: held, reserved, released, free',
    ['pool', 'state'],
    () => use.subnets(),
  );
  const full = 'until a pool is full by the trend of the last day; without a trend it is not told';
  metrics.gauge('wgcni_pool_exhaustion_seconds', full, ['pool'], () => use.untilFull());
  for (const meter of meters.all) metrics.include(meter);
  return metrics;
}

function countOf(shown: readonly Pick<Node, 'state'>[]): Reading[] {
  return nodeStates.map((each) => {
    return { labels: { state: each }, value: shown.filter((node) => node.state === each).length };
  });
}
