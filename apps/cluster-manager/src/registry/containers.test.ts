/** What nodes publish of their containers: their own word, their own addresses, no more than there is room for, gone with the node. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

let cluster: TestCluster;
let manager: TestReplica;
const own = asNode();
beforeEach(async () => {
  cluster = new TestCluster();
  manager = await cluster.startWithNetwork();
  await join(manager, 'n1', own);
  await ask(manager, 'PATCH', '/v1/network', { direct: 'cluster' });
});
afterEach(() => cluster.stop());

const container = (subnet: string, id: number) => ({
  publicKey: Buffer.alloc(32, `${subnet}${id}`).toString('base64'),
  port: 61_000 + id,
  addresses: [subnet.replace(/0\/24$/, String(id))],
});
const subnetOf = async (nodeId: string): Promise<string> => {
  const { json } = await ask(manager, 'GET', `/v1/nodes/${nodeId}`);
  return (json['subnets'] as { cidr: string }[]).find(({ cidr }) => cidr.includes('.'))?.cidr ?? '';
};
const several = (subnet: string, count: number) =>
  Array.from({ length: count }, (_, index) => container(subnet, index + 2));
const publish = (nodeId: string, containers: object[], { instance } = own) =>
  ask(manager, 'PUT', `/v1/nodes/${nodeId}/containers`, { instance, containers });
const stored = (nodeId: string) =>
  cluster.stored(cluster.keys.containersOf(nodeId)).map(({ value }) => JSON.parse(value) as { containers: object[] });

describe('the containers of a node', () => {
  it('are written whole, and again only when they differ', async () => {
    const [one, two, three] = several(await subnetOf('n1'), 3);
    if (one === undefined || two === undefined || three === undefined) throw new Error('three were made');
    expect(await publish('n1', [one, two])).toMatchObject({ status: 200, json: { published: 2 } });
    expect(stored('n1')).toEqual([{ schema: 1, nodeId: 'n1', containers: [one, two] }]);
    const [before] = cluster.stored(cluster.keys.containers);
    await publish('n1', [one, two]);
    expect(cluster.stored(cluster.keys.containers)).toEqual([before]);
    await publish('n1', [three]);
    expect(stored('n1')[0]?.containers).toEqual([three]);
  });

  it('are of its own subnets alone, each key and address once', async () => {
    await join(manager, 'n2');
    const [mine, foreign] = [several(await subnetOf('n1'), 2), several(await subnetOf('n2'), 1)];
    expect(await publish('n1', foreign)).toMatchObject({ status: 400, json: { code: 'request.invalid' } });
    expect(await publish('n1', [mine[0] ?? {}, mine[0] ?? {}])).toMatchObject({ json: { code: 'request.invalid' } });
    expect(await publish('n1', [{ ...mine[0], addresses: ['10.64'] }])).toMatchObject({ status: 400 });
    expect(stored('n1')).toEqual([]);
  });

  it('are said by the instance that is registered, and by nobody for a node that is not', async () => {
    const mine = several(await subnetOf('n1'), 1);
    expect(await publish('n1', mine, asNode())).toMatchObject({ status: 409, json: { code: 'node.registered' } });
    expect(await publish('n9', mine)).toMatchObject({ status: 404, json: { code: 'node.unknown' } });
    await cluster.pass(12_000);
    expect(await publish('n1', mine)).toMatchObject({ json: { code: 'registration.gone' } });
  });

  it('are refused where the network wants none, but that there are none may be said', async () => {
    const mine = several(await subnetOf('n1'), 1);
    await publish('n1', mine);
    await ask(manager, 'PATCH', '/v1/network', { direct: 'node' });
    expect(await publish('n1', mine)).toMatchObject({ status: 409, json: { code: 'network.contradictory' } });
    expect(await publish('n1', [])).toMatchObject({ status: 200, json: { published: 0 } });
    expect(stored('n1')).toEqual([{ schema: 1, nodeId: 'n1', containers: [] }]);
  });

  it('are no more than 64 of a node and 256 of all, and those that were there stay', async () => {
    const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
    const instances = new Map([['n1', own]]);
    for (const nodeId of nodes.slice(1)) {
      instances.set(nodeId, asNode());
      await join(manager, nodeId, instances.get(nodeId));
    }
    expect(await publish('n1', several(await subnetOf('n1'), 65))).toMatchObject({ status: 400 });
    for (const nodeId of nodes.slice(0, 3))
      await publish(nodeId, several(await subnetOf(nodeId), 64), instances.get(nodeId));
    const fourth = several(await subnetOf('n4'), 60);
    expect(await publish('n4', fourth, instances.get('n4'))).toMatchObject({ json: { published: 60 } });
    const fifth = several(await subnetOf('n5'), 9);
    expect(await publish('n5', fifth, instances.get('n5'))).toMatchObject({ json: { published: 4 } });
    expect(stored('n5')[0]?.containers).toEqual(fifth.slice(0, 4));
    await publish('n4', fourth.slice(0, 50), instances.get('n4'));
    expect(await publish('n5', fifth, instances.get('n5'))).toMatchObject({ json: { published: 9 } });
  });

  it('go with the record of the node, at the same revision', async () => {
    await publish('n1', several(await subnetOf('n1'), 1));
    const deleted = await ask(manager, 'DELETE', '/v1/nodes/n1?force=true');
    expect(deleted.status).toBe(204);
    expect([cluster.stored(cluster.keys.node('n1')), stored('n1')]).toEqual([[], []]);
    expect(cluster.stored(cluster.keys.gone)).toHaveLength(1);
  });
});
