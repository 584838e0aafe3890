/** Whatever is sent to whatever route: a problem document with code, field and remedy, nothing changed, and the process lives. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreRefusedError } from '@wgcni/store';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

describe('bad input', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  beforeAll(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork();
    await join(manager, 'n1');
  });
  afterAll(() => cluster.stop());

  const good = asNode();
  const id = 'a'.repeat(32);
  const cases: [string, Method, string, object | undefined, number, string, string?][] = [
    ['an unknown path', 'GET', '/v1/nothing', undefined, 404, 'route.unknown', 'path'],
    ['an unknown method', 'DELETE', '/v1/network', undefined, 405, 'method.unknown', 'method'],
    ['a node id that climbs', 'GET', '/v1/nodes/..%2Fx', undefined, 400, 'request.invalid', 'nodeId'],
    ['a node id that is too long', 'GET', `/v1/nodes/${'x'.repeat(100)}`, undefined, 400, 'request.invalid', 'nodeId'],
    ['a node nobody knows', 'GET', '/v1/nodes/nobody', undefined, 404, 'node.unknown', 'nodeId'],
    ['peers of a node nobody knows', 'GET', '/v1/nodes/nobody/peers', undefined, 404, 'node.unknown', 'nodeId'],
    ['a page of no size', 'GET', '/v1/nodes?limit=0', undefined, 400, 'request.invalid', 'limit'],
    ['a page of a size that is no number', 'GET', '/v1/subnets?limit=x', undefined, 400, 'request.invalid', 'limit'],
    ['a query nobody knows', 'GET', '/v1/replicas?colour=red', undefined, 400, 'request.invalid', 'colour'],
    ['force that is neither', 'DELETE', '/v1/nodes/n1?force=maybe', undefined, 400, 'request.invalid', 'force'],
    ['an empty registration', 'PUT', '/v1/nodes/n2', {}, 400, 'request.invalid'],
    ['a registration with a field too many', 'PUT', '/v1/nodes/n2', { ...good, x: 1 }, 400, 'request.invalid', 'x'],
    [
      'text for a number',
      'PUT',
      '/v1/nodes/n2',
      { ...good, underlayMtu: '1500' },
      400,
      'request.invalid',
      'underlayMtu',
    ],
    [
      'a public key that is none',
      'PUT',
      '/v1/nodes/n2',
      { ...good, publicKey: 'x' },
      400,
      'request.invalid',
      'publicKey',
    ],
    [
      'an endpoint that is none',
      'PUT',
      '/v1/nodes/n2',
      { ...good, endpoints: ['here'] },
      400,
      'request.invalid',
      'endpoints',
    ],
    ['an array for an object', 'PUT', '/v1/nodes/n2', [], 400, 'request.invalid'],
    ['a renewal without its grants', 'POST', '/v1/nodes/n1/renewal', { instance: id }, 400, 'request.invalid'],
    [
      'a release of nothing',
      'POST',
      '/v1/nodes/n1/release',
      { instance: id, grantIds: [] },
      400,
      'request.invalid',
      'grantIds',
    ],
    ['a drain of no node', 'PUT', '/v1/nodes/-x/drain', undefined, 400, 'request.invalid', 'nodeId'],
    ['an undrain of nobody', 'DELETE', '/v1/nodes/nobody/drain', undefined, 404, 'node.unknown', 'nodeId'],
    ['a forget of no node', 'POST', '/v1/nodes/-x/forget', undefined, 400, 'request.invalid', 'nodeId'],
    ['a delete of nobody', 'DELETE', '/v1/nodes/nobody', undefined, 404, 'node.unknown', 'nodeId'],
    ['a network without pools', 'PUT', '/v1/network', {}, 400, 'request.invalid', 'pools'],
    ['a network with no pools', 'PUT', '/v1/network', { pools: [] }, 400, 'request.invalid', 'pools'],
    ['a pool without a length', 'PUT', '/v1/pools/10.80.0.0-12', {}, 400, 'request.invalid', 'prefixLength'],
    [
      'a pool name that is far too long',
      'PUT',
      `/v1/pools/${'1'.repeat(60)}`,
      { prefixLength: 24 },
      400,
      'request.invalid',
      'pool',
    ],
  ];

  it.each(cases)('%s (%s %s) is refused', async (...[, method, url, payload, status, code, field]) => {
    const before = cluster.stored('/');
    const answer = await manager.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const problem: Record<string, unknown> = answer.json();
    expect([answer.statusCode, problem['code']]).toEqual([status, code]);
    expect(problem).toMatchObject({ status, type: `urn:wgcni:error:${code}` });
    if (field !== undefined) expect(problem['field']).toContain(field);
    expect(String(problem['detail'])).toMatch(/\w{3}/);
    expect(String(problem['remedy'])).toMatch(/\w{3}/);
    expect(cluster.stored('/')).toEqual(before);
  });

  it.each([
    ['no JSON', 'application/json', '{', 400],
    ['of another type', 'text/plain', 'hello', 400],
    ['far too large', 'application/json', JSON.stringify({ x: 'y'.repeat(70_000) }), 413],
  ])('a body that is %s is refused', async (_what, type, payload, status) => {
    const answer = await manager.app.inject({
      method: 'PUT',
      url: '/v1/nodes/n2',
      headers: { 'content-type': type },
      payload,
    });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      status,
      expect.stringContaining('application/problem+json') as unknown,
    ]);
    expect(answer.json()).toMatchObject({ status, remedy: expect.stringMatching(/\w{3}/) as unknown });
  });

  it('names the methods that a path has', async () => {
    const answer = await manager.app.inject({ method: 'POST', url: '/v1/nodes/n1/drain' });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, expect.stringMatching(/PUT/) as unknown]);
  });

  it('leaves the process alive', async () => {
    expect((await ask(manager, 'GET', '/healthz')).json).toEqual({ status: 'ok' });
    expect((await ask(manager, 'GET', '/v1/nodes')).status).toBe(200);
  });

  it('is no reason to hide who leads, who runs, and which peers a node has', async () => {
    await join(manager, 'n2', asNode({ endpoints: ['[2001:db8::1]:51820'] }));
    await cluster.pass(2_000);
    expect((await ask(manager, 'GET', '/v1/leader')).json).toMatchObject({ self: 'm1', leader: { replicaId: 'm1' } });
    expect((await ask(manager, 'GET', '/v1/replicas')).json).toMatchObject({
      items: [{ replicaId: 'm1', isLeader: true }],
    });
    expect((await ask(manager, 'GET', '/v1/nodes/n1/peers')).json).toMatchObject({
      items: [{ nodeId: 'n2', endpoints: ['[2001:db8::1]:51820'], keepaliveSec: 25 }],
    });
    expect((await ask(manager, 'GET', '/openapi.json')).json).toMatchObject({ openapi: '3.1.0' });
  });

  it('is told what to do when the store does not allow a write', async () => {
    await join(manager, 'n3', asNode({ endpoints: ['[2001:db8::3]:51820'] }));
    const transact = manager.store.transact.bind(manager.store);
    manager.store.transact = () => Promise.reject(new StoreRefusedError('transact', new Error('permission denied')));
    expect(await ask(manager, 'PUT', '/v1/nodes/n3/drain')).toMatchObject({
      status: 503,
      json: { code: 'store.refused', remedy: expect.stringContaining('wgcni etcd setup') as string },
    });
    manager.store.transact = transact;
    expect((await ask(manager, 'PUT', '/v1/nodes/n3/drain')).status).toBe(200);
  });

  it('is told that no one leads when no one does, and that the store is away when it is', async () => {
    const alone = await cluster.start('m2');
    manager.store.faults.isPartitioned = true;
    alone.store.faults.isPartitioned = true;
    await cluster.pass(6_000);
    const write = ask(alone, 'PUT', '/v1/nodes/n9', asNode());
    expect(await write).toMatchObject({ status: 503 });
    expect(await ask(alone, 'GET', '/readyz')).toMatchObject({ status: 503, json: { code: 'store.unavailable' } });
    expect((await ask(alone, 'GET', '/v1/nodes')).status).toBe(200);
    for (const { store } of [manager, alone]) store.faults.isPartitioned = false;
    await cluster.pass(10_000);
    expect((await ask(alone, 'GET', '/readyz')).status).toBe(200);
  });
});
