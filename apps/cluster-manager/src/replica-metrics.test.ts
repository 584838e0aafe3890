/** What a replica tells Prometheus: a leader, and one that follows it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refuseUnready } from './readiness.ts';
import { replicaMetrics } from './replica-metrics.ts';
import { TestCluster } from './testing/cluster.ts';

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.stop());

it('is whether it leads and follows the store, and what certificates it has', async () => {
  const leader = await cluster.startWithNetwork();
  const follower = await cluster.start('m2');
  const current = { validFromMs: 1_000, validToMs: 5_000 } as never;
  const told = async (replica: typeof leader.replica): Promise<string[]> =>
    (await replicaMetrics(replica, { tls: { current, onChange: () => () => {} }, etcd: undefined }).text()).split('\n');
  expect(await told(leader.replica)).toEqual(
    expect.arrayContaining([
      ...['wgcni_leader 1', 'wgcni_synced 1', 'wgcni_recovering 0'],
      ...[`wgcni_store_revision ${leader.replica.state.revision}`, 'wgcni_requests_limited_total 0'],
      ...[
        'wgcni_certificate_issued_timestamp_seconds{use="tls"} 1',
        'wgcni_certificate_expiry_timestamp_seconds{use="tls"} 5',
      ],
    ]),
  );
  expect(await told(follower.replica)).toContain('wgcni_leader 0');
  expect(() => refuseUnready(leader.replica)).not.toThrow();
});
