/** What a cluster-manager tells Prometheus of itself. */
import { Metrics } from '@wgcni/api/server';
import { livesOf, type ProcessCredentials } from '@wgcni/pki';
import type { Replica } from './replica.ts';

export function replicaMetrics(replica: Replica, credentials: Pick<ProcessCredentials, 'tls' | 'etcd'>): Metrics {
  const { version, election, recovery, state } = replica;
  const metrics = new Metrics({ program: 'cluster-manager', version, certificates: () => livesOf(credentials) });
  const one = (name: string, help: string, read: () => number | boolean): void =>
    metrics.gauge(name, help, [], () => [{ value: Number(read()) }]);
  one('wgcni_leader', 'whether this replica believes that it leads', () => election.leadership !== undefined);
  one('wgcni_synced', 'whether its view follows the store', () => replica.isSynced());
  one('wgcni_recovering', 'whether it grants only what nodes claim', () => recovery.isRecovering());
  one('wgcni_store_revision', 'the revision of the store that it has seen', () => state.revision);
  return metrics;
}
