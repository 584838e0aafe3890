/** What a replica tells Prometheus: a leader, one that follows it, and what both have done. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refuseUnready } from '../readiness.ts';
import { showNodes } from '../registry/show-node.ts';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';
import { PoolUse } from './pool-use.ts';
import { replicaMetrics } from './replica-metrics.ts';

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.stop());

const current = { validFromMs: 1_000, validToMs: 5_000 } as never;
const credentials = { tls: { current, onChange: () => () => {} }, etcd: undefined };

async function told({ replica }: TestReplica, use = new PoolUse(replica.state, cluster.clock)): Promise<string[]> {
  return (await replicaMetrics({ replica, nodes: () => showNodes(replica.state), use, credentials }).text()).split(
    '\n',
  );
}

it('is whether it leads and follows the store, and what certificates it has', async () => {
  const leader = await cluster.startWithNetwork();
  const follower = await cluster.start('m2');
  expect(await told(leader)).toEqual(
    expect.arrayContaining([
      ...['wgcni_leader 1', 'wgcni_synced 1', 'wgcni_recovering 0', 'wgcni_quarantined 0'],
      ...[`wgcni_store_revision ${leader.replica.state.revision}`, 'wgcni_requests_limited_total 0'],
      ...[
        'wgcni_certificate_issued_timestamp_seconds{use="tls"} 1',
        'wgcni_certificate_expiry_timestamp_seconds{use="tls"} 5',
      ],
    ]),
  );
  expect(await told(follower)).toContain('wgcni_leader 0');
  expect(() => refuseUnready(leader.replica)).not.toThrow();
});

it('is which nodes there are and what of each pool is held, kept for somebody, at rest and free', async () => {
  const leader = await cluster.startWithNetwork();
  for (const nodeId of ['n1', 'n2', 'n3']) await join(leader, nodeId);
  await ask(leader, 'PUT', '/v1/nodes/n1/drain');
  await cluster.pass(8_000);
  expect(await told(leader)).toEqual(
    expect.arrayContaining([
      ...['wgcni_nodes{state="live"} 2', 'wgcni_nodes{state="draining"} 1', 'wgcni_nodes{state="silent"} 0'],
      ...['held"} 3', 'reserved"} 0', 'released"} 0', 'free"} 13'].map(
        (end) => `wgcni_subnets{pool="10.64.0.0/20",state="${end}`,
      ),
      'wgcni_subnets{pool="fd64::/60",state="free"} 13',
    ]),
  );
  expect((await told(leader)).filter((line) => line.startsWith('wgcni_silent_seconds{'))).toEqual([]);
  await cluster.pass(20_000);
  cluster.write(`${cluster.keys.nodes}n4`, 'nonsense');
  await cluster.pass(500);
  expect(await told(leader)).toEqual(expect.arrayContaining(['wgcni_nodes{state="silent"} 3', 'wgcni_quarantined 1']));
  // Only that they are is known at once; since when, by the next reading.
  expect(await told(leader)).toContain('wgcni_silent_seconds{node="n1"} 0');
});

it('is when a pool is full, once it has filled for an hour, and before that nothing', async () => {
  const leader = await cluster.startWithNetwork(['--silence-reading=600s']);
  const use = new PoolUse(leader.replica.state, cluster.clock);
  for (let index = 1; index <= 13; index += 1) {
    await join(leader, `n${index}`);
    use.note();
    await cluster.clock.advance(5 * 60_000);
    if (index === 8)
      expect((await told(leader, use)).filter((line) => /^wgcni_pool_exhaustion/.test(line))).toEqual([]);
  }
  const lines = (await told(leader, use)).filter((line) => /^wgcni_pool_exhaustion/.test(line));
  expect(lines.map((line) => line.replace(/ .*/, ''))).toEqual(
    ['10.64.0.0/20', 'fd64::/60'].map((pool) => `wgcni_pool_exhaustion_seconds{pool="${pool}"}`),
  );
  // Three are free, and one goes each five minutes.
  for (const line of lines) expect(Number(line.split(' ')[1])).toBeCloseTo(3 * 300, 3);
});

it('is how long each answer took, by operation and by how it ended', async () => {
  const leader = await cluster.startWithNetwork();
  await ask(leader, 'GET', '/v1/network');
  await ask(leader, 'GET', '/v1/nodes/nobody');
  await ask(leader, 'GET', '/v1/nothing');
  await ask(leader, 'GET', '/openapi.json');
  const counts = (await told(leader)).filter((line) => line.startsWith('wgcni_request_duration_seconds_count'));
  expect(counts.map((line) => line.slice('wgcni_request_duration_seconds_count'.length))).toEqual([
    ...['{operation="putNetwork",status="2xx"} 1', '{operation="getNetwork",status="2xx"} 1'],
    ...['{operation="getNode",status="4xx"} 1', '{operation="none",status="4xx"} 1'],
  ]);
});

it('is how often the leader was another one, and what the leader has done', async () => {
  const leader = await cluster.startWithNetwork();
  const follower = await cluster.start('m2');
  await join(leader, 'n1');
  expect(await told(follower)).toEqual(
    expect.arrayContaining(['wgcni_leader_changes_total 0', 'wgcni_leader_runs_total{task="expiry",outcome="ok"} 0']),
  );
  await leader.stop();
  await cluster.pass(8_000);
  const lines = await told(follower);
  expect(lines).toContain('wgcni_leader_changes_total 1');
  const runs = lines
    .filter((line) => /^wgcni_leader_runs_total.*outcome="ok"/.test(line))
    .map((line) => Number(line.split(' ')[1]));
  expect(runs.length).toBe(2);
  for (const count of runs) expect(count).toBeGreaterThan(0);
});

it('is what was reclaimed, and that nothing is while most are silent', async () => {
  const leader = await cluster.startWithNetwork(['--silence-reading=10s', '--rest=30s'], { holdDownSec: 60 });
  const runs = async (outcome: string): Promise<number> => {
    const line = (await told(leader)).find((one) => one.includes(`task="reclaim",outcome="${outcome}"`));
    return Number(line?.split(' ')[1]);
  };
  const living = [asNode(), asNode()];
  await join(leader, 'gone');
  for (let passed = 0; passed < 100_000; passed += 5_000) {
    for (const [index, input] of living.entries()) await join(leader, `n${index}`, input);
    await cluster.pass(5_000);
  }
  expect(await told(leader)).toContain('wgcni_nodes_reclaimed_total 1');
  expect(await runs('withheld')).toBe(0);
  await cluster.pass(100_000);
  expect(await runs('withheld')).toBeGreaterThan(0);
  expect(await told(leader)).toContain('wgcni_nodes_reclaimed_total 1');
});
