/** Routes that a node offers: in effect when an operator approves them, kept while the node comes and goes, and none over what the cluster has. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, beforeCommitOf, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

const lan = '192.168.50.0/24';
const url = '/v1/nodes/n1/routes/192.168.50.0-24';

describe('the routes that nodes offer', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  const offering = asNode({ offers: [lan, 'FD50::/64'], endpoints: ['192.0.2.1:51820'] });
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork();
    await join(manager, 'n1', offering);
  });
  afterEach(() => cluster.stop());

  const list = async () => (await ask(manager, 'GET', '/v1/routes')).json['items'];
  const peersOf = async (nodeId: string) =>
    (await ask(manager, 'GET', `/v1/nodes/${nodeId}/peers`)).json['items'] as { allowedIps: string[] }[];

  it('are listed, in canonical text, and are in effect when one is approved', async () => {
    await join(manager, 'n2', asNode({ endpoints: ['192.0.2.2:51820'] }));
    const offered = { nodeId: 'n1', isOffered: true, isApproved: false };
    expect(await list()).toMatchObject([
      { ...offered, route: lan },
      { ...offered, route: 'fd50::/64' },
    ]);
    expect((await peersOf('n2'))[0]?.allowedIps).not.toContain(lan);
    const approved = await ask(manager, 'PUT', url);
    expect(approved).toMatchObject({ status: 200, json: { ...offered, route: lan, isApproved: true } });
    expect((await peersOf('n2'))[0]?.allowedIps).toContain(lan);
    expect((await ask(manager, 'GET', '/v1/nodes/n1')).json).toMatchObject({
      offers: [lan, 'fd50::/64'],
      routes: [lan],
    });
    const revision = cluster.backend.revision;
    await ask(manager, 'PUT', url);
    expect(cluster.backend.revision).toBe(revision);
    for (let twice = 0; twice < 2; twice += 1) expect((await ask(manager, 'DELETE', url)).status).toBe(204);
    expect((await peersOf('n2'))[0]?.allowedIps).not.toContain(lan);
    const events = cluster.logged.map(({ event }) => event);
    expect(events.filter((event) => event === 'audit.putRoute' || event === 'audit.deleteRoute')).toHaveLength(4);
  });

  it('stay approved while their node registers anew, and come into effect when it offers them', async () => {
    const early = '/v1/nodes/n1/routes/10.99.0.0-16';
    expect((await ask(manager, 'PUT', early)).json).toMatchObject({ isOffered: false, isApproved: true });
    await ask(manager, 'PUT', url);
    await join(manager, 'n1', { ...offering, offers: ['10.99.0.0/16'] });
    expect(await list()).toMatchObject([
      { route: '10.99.0.0/16', isOffered: true, isApproved: true },
      { route: lan, isOffered: false, isApproved: true },
    ]);
    await ask(manager, 'PUT', '/v1/nodes/n1/drain');
    expect((await ask(manager, 'GET', '/v1/nodes/n1')).json['routes']).toEqual(['10.99.0.0/16', lan]);
  });

  it('leave the record of a node that offers nothing as it was before there were any', async () => {
    await join(manager, 'n2', asNode({ endpoints: ['192.0.2.2:51820'] }));
    const [item] = cluster.stored(cluster.keys.node('n2'));
    expect(Object.keys(JSON.parse(item?.value ?? '{}') as object)).not.toContain('offers');
  });

  it.each([
    ['a pool', '10.64.0.0-26', 'route.overlap', 'pool 10.64.0.0/'],
    ['a client pool', '10.200.5.0-24', 'route.overlap', 'client pool 10.200.0.0/16'],
    ['an endpoint', '192.0.2.0-24', 'route.overlap', 'the endpoint 192.0.2.1:51820 of n1'],
    ["another node's approved route", '192.168.0.0-16', 'route.overlap', `the route ${lan} of n1`],
    ['everything', '0.0.0.0-0', 'request.invalid', 'this network'],
    ['loopback', '127.0.0.0-16', 'request.invalid', 'loopback'],
    ['a block with host bits', '192.168.60.1-24', 'request.invalid', 'host bits'],
    ['no block', 'x', 'request.invalid', '"x"'],
  ])('are not approved over %s', async (_, route, code, detail) => {
    await ask(manager, 'PATCH', '/v1/network', { clientPools: ['10.200.0.0/16'] });
    await ask(manager, 'PUT', url);
    await join(manager, 'n2', asNode({ endpoints: ['192.0.2.2:51820'] }));
    const { status, json } = await ask(manager, 'PUT', `/v1/nodes/n2/routes/${route}`);
    expect([status >= 400 && status < 500, json.code, json['detail']]).toEqual([
      ...[true, code, expect.stringContaining(detail)],
    ]);
    expect(json.remedy).toBeDefined();
    expect((await ask(manager, 'GET', '/v1/nodes/n2')).json['routes']).toEqual([]);
  });

  it('keep pools, client pools and endpoints out, once they are approved', async () => {
    await ask(manager, 'PUT', url);
    const refused = { status: 409, json: { code: 'pool.overlap' } };
    expect(await ask(manager, 'PATCH', '/v1/network', { clientPools: ['192.168.50.0/25'] })).toMatchObject(refused);
    expect(await ask(manager, 'PUT', '/v1/pools/192.168.0.0-16', { prefixLength: 24 })).toMatchObject(refused);
    expect(await ask(manager, 'PUT', '/v1/nodes/n2', asNode({ endpoints: ['192.168.50.7:51820'] }))).toMatchObject({
      status: 400,
      json: { field: 'endpoints', detail: expect.stringContaining(`approved route ${lan}`) as unknown },
    });
  });

  it('let endpoints in again once they are withdrawn, or their node is gone', async () => {
    const inside = asNode({ endpoints: ['192.168.50.7:51820'] });
    const registered = async () => (await ask(manager, 'PUT', '/v1/nodes/n2', inside)).status;
    await ask(manager, 'PUT', url);
    expect(await registered()).toBe(400);
    await ask(manager, 'DELETE', url);
    expect(await registered()).toBe(200);
    await ask(manager, 'DELETE', '/v1/nodes/n2?force=true');
    await ask(manager, 'PUT', '/v1/nodes/n1/routes/192.168.50.0-25');
    Object.assign(inside, { takeOver: true });
    expect(await registered()).toBe(400);
    await ask(manager, 'DELETE', '/v1/nodes/n1?force=true');
    expect(await registered()).toBe(200);
  });

  it('are judged by the pools at the moment of writing', async () => {
    beforeCommitOf(cluster.keys.node('n1'), manager, () => {
      const [item] = cluster.stored(cluster.keys.network);
      const record = JSON.parse(item?.value ?? '{}') as object;
      cluster.write(cluster.keys.network, JSON.stringify({ ...record, clientPools: ['192.168.0.0/16'] }));
    });
    expect(await ask(manager, 'PUT', url)).toMatchObject({ status: 409, json: { code: 'route.overlap' } });
  });

  it('are of a node that is known, and offers are blocks', async () => {
    for (const method of ['PUT', 'DELETE'] as const)
      expect(await ask(manager, method, '/v1/nodes/nobody/routes/10.99.0.0-16')).toMatchObject({
        status: 404,
        json: { code: 'node.unknown' },
      });
    expect(await ask(manager, 'PUT', '/v1/nodes/n3', asNode({ offers: ['192.168.50.1/24'] }))).toMatchObject({
      status: 400,
      json: { field: 'offers' },
    });
  });
});
