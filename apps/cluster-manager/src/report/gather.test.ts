/**
 * Reports that are at another replica:
 *
 *   n1 ──▶ m1 ◀──asks, over plain HTTP on loopback── m2 ◀── reader
 */
import type { Overview } from '@wgcni/api';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asNode, ask, join, TestCluster, type TestReplica } from '../testing/cluster.ts';
import { reportOf } from '../testing/report.ts';
import { settled } from '@wgcni/testing';

const node = asNode();
let cluster: TestCluster;
let here: TestReplica;
let there: TestReplica;

beforeEach(async () => {
  cluster = new TestCluster();
  here = await cluster.startWithNetwork();
  there = await cluster.start('m2');
  await join(here, 'n1', node);
  for (const [id, replica] of [
    ['m1', here],
    ['m2', there],
  ] as const) {
    await replica.app.listen({ host: '127.0.0.1', port: 0 });
    shows(id, (replica.app.server.address() as AddressInfo).port);
  }
  await settled();
});
afterEach(() => cluster.stop());

/** Where a replica says that it is. */
function shows(replicaId: string, port: number): void {
  const record = { schema: 1, replicaId, url: `http://127.0.0.1:${port}`, version: '1' };
  cluster.write(cluster.keys.replica(replicaId), JSON.stringify(record));
}

const overview = async () => (await ask(there, 'GET', '/v1/overview')).json as unknown as Overview;
const tells = (replica: TestReplica, counter: number) =>
  ask(replica, 'PUT', '/v1/nodes/n1/report', reportOf(node.instance, { counter, problems: [`problem ${counter}`] }));

it('are shown as if they were here, and the newest wins wherever it is', async () => {
  await tells(here, 1);
  expect((await ask(there, 'GET', '/v1/nodes/n1/report')).json).toMatchObject({ problems: ['problem 1'] });
  await tells(there, 2);
  expect((await ask(here, 'GET', '/v1/nodes/n1/report')).json).toMatchObject({ problems: ['problem 2'] });
  expect((await ask(here, 'GET', '/v1/reports')).json).toMatchObject({ items: [{ problems: ['problem 2'] }] });
});

it('are asked for once by all who want them within a second', async () => {
  await tells(here, 1);
  const [one, other] = await Promise.all([overview(), overview()]);
  await tells(here, 2);
  const soon = await overview();
  await cluster.clock.advance(1_500);
  const later = await overview();
  expect([one, other, soon, later].map(({ nodes }) => nodes[0]?.report?.problems[0])).toEqual([
    ...['problem 1', 'problem 1', 'problem 1'],
    'problem 2',
  ]);
});

it('are missing, and said to be, of a replica that does not answer', async () => {
  await tells(here, 1);
  shows('m1', 1);
  await settled();
  const { replicas, nodes } = await overview();
  expect(replicas).toMatchObject([
    { replicaId: 'm1', isHeard: false },
    { replicaId: 'm2', isHeard: true },
  ]);
  expect(nodes).toMatchObject([{ nodeId: 'n1', report: null }]);
  const { json } = await ask(there, 'GET', '/v1/nodes/n1/report');
  expect(json).toMatchObject({ code: 'report.absent', detail: expect.stringContaining('not heard: m1') });
});

it('are not asked for again by a replica that was asked by another', async () => {
  await tells(here, 1);
  const headers = { 'x-wgcni-forwarded-by': 'm3' };
  const answer = await there.app.inject({ method: 'GET', url: '/v1/nodes/n1/report', headers });
  expect(answer.statusCode).toBe(404);
});
