/** What a replica tells of that changed in the store: by the requests that change it. */
import type { EventPage } from '@wgcni/api';
import { afterEach, expect, it } from 'vitest';
import { asNode, ask, join, TestCluster, type TestReplica } from '../testing/cluster.ts';
import { settled } from '@wgcni/testing';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function started(): Promise<TestReplica> {
  cluster = new TestCluster();
  return cluster.startWithNetwork([], { clientPools: ['10.99.0.0/24'] });
}

/** Kind, subject and message of each event after `seen` of them. */
async function told(replica: TestReplica, seen = 0): Promise<string[]> {
  await settled();
  const { items } = (await ask(replica, 'GET', '/v1/events')).json as unknown as EventPage;
  return items.slice(seen).map(({ kind, subject, message }) => `${kind}: ${subject} ${message}`);
}
const countOf = async (replica: TestReplica): Promise<number> => (await told(replica)).length;

it('is the network, and which of its options is another', async () => {
  const replica = await started();
  expect(await told(replica)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^network.created: network is there/)]),
  );
  const seen = await countOf(replica);
  await ask(replica, 'PATCH', '/v1/network', { mtu: 1_400, isolation: 'isolated' });
  expect(await told(replica, seen)).toEqual([
    'network.changed: network mtu is 1400, was 1420',
    'network.changed: network isolation is isolated, was open',
  ]);
});

it('is a node that registers, drains, falls silent, comes back, and is deleted, with its subnets', async () => {
  const replica = await started();
  const seen = await countOf(replica);
  const input = asNode();
  await join(replica, 'n1', input);
  expect((await told(replica, seen)).sort()).toEqual([
    'node.registered: node n1 has registered',
    'subnet.granted: subnet 10.64.0.0/24 was granted to n1',
    'subnet.granted: subnet fd64::/64 was granted to n1',
  ]);
  await ask(replica, 'PUT', '/v1/nodes/n1/drain');
  await ask(replica, 'DELETE', '/v1/nodes/n1/drain');
  await cluster.pass(15_000);
  await join(replica, 'n1', input);
  await cluster.pass(15_000);
  await ask(replica, 'DELETE', '/v1/nodes/n1');
  expect((await told(replica, seen + 3)).filter((line) => !line.startsWith('subnet.'))).toEqual([
    'node.draining: node n1 takes no new attachments',
    'node.undrained: node n1 takes attachments again',
    'node.silent: node n1 is silent: its registration has ended',
    'node.registered: node n1 has registered',
    'node.silent: node n1 is silent: its registration has ended',
    'node.deleted: node n1 was deleted from the cluster',
  ]);
  expect((await told(replica, seen + 3)).filter((line) => line.startsWith('subnet.'))).toEqual([
    'subnet.reserved: subnet 10.64.0.0/24 stays reserved: n1 was deleted',
    'subnet.reserved: subnet fd64::/64 stays reserved: n1 was deleted',
  ]);
});

it('is a silent node that is forgotten, and what it held', async () => {
  const replica = await started();
  await join(replica, 'n1');
  await cluster.pass(15_000);
  const seen = await countOf(replica);
  await ask(replica, 'POST', '/v1/nodes/n1/forget');
  expect((await told(replica, seen)).sort()).toEqual([
    'node.deleted: node n1 was forgotten',
    'subnet.released: subnet 10.64.0.0/24 was released by n1, and rests',
    'subnet.released: subnet fd64::/64 was released by n1, and rests',
  ]);
});

it('is a route that is let in, and no more', async () => {
  const replica = await started();
  await join(replica, 'n1', asNode({ offers: ['192.168.50.0/24'] }));
  const seen = await countOf(replica);
  await ask(replica, 'PUT', '/v1/nodes/n1/routes/192.168.50.0-24');
  await ask(replica, 'DELETE', '/v1/nodes/n1/routes/192.168.50.0-24');
  expect(await told(replica, seen)).toEqual([
    'route.approved: route 192.168.50.0/24 was let in, by n1',
    'route.withdrawn: route 192.168.50.0/24 was let in by n1, and is no more',
  ]);
});

it('is a client that may dial in, is changed, and goes by hand or in time', async () => {
  const replica = await started();
  const seen = await countOf(replica);
  const { publicKey } = asNode();
  await ask(replica, 'PUT', '/v1/clients/laptop', { publicKey });
  await ask(replica, 'PUT', '/v1/clients/laptop', { publicKey, reachable: true });
  await ask(replica, 'DELETE', '/v1/clients/laptop');
  await ask(replica, 'PUT', '/v1/clients/guest', { publicKey: asNode().publicKey, ttlSec: 5 });
  await cluster.pass(10_000);
  expect(await told(replica, seen)).toEqual([
    'client.added: client laptop may dial in',
    'client.changed: client laptop was changed',
    'client.removed: client laptop may dial in no more',
    'client.added: client guest may dial in',
    'client.removed: client guest may dial in no more',
  ]);
});

it('is a leader that goes and another that comes', async () => {
  const replica = await started();
  const other = await cluster.start('m2');
  const seen = await countOf(other);
  await replica.stop();
  await cluster.pass(3_000);
  expect(await told(other, seen)).toEqual([
    'leader.changed: replica m1 leads no more, and nobody does yet',
    'leader.changed: replica m2 leads',
  ]);
});

it('is nothing of how things stood when the replica started', async () => {
  const replica = await started();
  await join(replica, 'n1');
  const late = await cluster.start('m2');
  expect(await told(late)).toEqual([]);
});
