/** The network's options: changed together, refused by both values where they contradict each other or what nodes have. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, beforeCommitOf, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

describe('the options of the network', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork();
  });
  afterEach(() => cluster.stop());

  const set = async (patch: object, ifMatch?: string) => {
    const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch };
    const answer = await manager.app.inject({ method: 'PATCH', url: '/v1/network', headers, payload: patch });
    return { status: answer.statusCode, etag: answer.headers['etag'], json: answer.json<Record<string, unknown>>() };
  };
  const stored = () => cluster.stored(cluster.keys.network)[0];

  it('change by what is said alone, with an ETag before and after, and a log of who did it', async () => {
    const { headers } = await manager.app.inject({ method: 'GET', url: '/v1/network' });
    const first = await set({ mtu: 1_380, masquerade: { except: ['192.168.0.0/16'] } }, headers['etag']);
    expect(first).toMatchObject({
      status: 200,
      json: { mtu: 1_380, masquerade: { mode: 'auto', except: ['192.168.0.0/16'] }, isolation: 'open' },
    });
    expect(first.etag).toBe(`"${String(first.json['revision'])}"`);
    const second = await set({ masquerade: { mode: 'off' }, clientPools: ['10.200.0.0/16', 'FD65::/64'] });
    expect(second.json).toMatchObject({
      masquerade: { mode: 'off', except: ['192.168.0.0/16'] },
      clientPools: ['10.200.0.0/16', 'fd65::/64'],
      mtu: 1_380,
    });
    expect(cluster.logged.filter(({ event }) => event === 'audit.patchNetwork')).toHaveLength(2);
  });

  it('are not changed by who has seen an older network, but a repeat is no change', async () => {
    const { headers } = await manager.app.inject({ method: 'GET', url: '/v1/network' });
    const before = headers['etag'] as string;
    expect((await set({ link: 'veth' }, before)).status).toBe(200);
    const revision = cluster.backend.revision;
    expect(await set({ link: 'veth' }, before)).toMatchObject({ status: 200, json: { link: 'veth' } });
    expect(cluster.backend.revision).toBe(revision);
    expect(await set({ link: 'wireguard' }, before)).toMatchObject({
      status: 412,
      json: { code: 'revision.conflict' },
    });
    expect(await set({}, 'W/"1"')).toMatchObject({ status: 400, json: { field: 'if-match' } });
  });

  it('do not undo what somebody else has changed meanwhile, and keep what this version does not know', async () => {
    beforeCommitOf(cluster.keys.network, manager, () => {
      const record = JSON.parse(stored()?.value ?? '{}') as object;
      cluster.write(cluster.keys.network, JSON.stringify({ ...record, isolation: 'isolated', colour: 'red' }));
    });
    expect(await set({ link: 'veth' })).toMatchObject({ status: 200, json: { isolation: 'isolated', link: 'veth' } });
    expect(stored()?.value).toContain('"colour":"red"');
  });

  it('are judged by what somebody else has set meanwhile', async () => {
    beforeCommitOf(cluster.keys.network, manager, () => {
      const record = JSON.parse(stored()?.value ?? '{}') as object;
      cluster.write(cluster.keys.network, JSON.stringify({ ...record, isolation: 'isolated' }));
    });
    expect(await set({ direct: 'node' })).toMatchObject({ status: 409, json: { code: 'network.contradictory' } });
  });

  it('refuse an MTU above what the underlay of a registered node carries, by node and numbers', async () => {
    await join(manager, 'n1');
    await join(manager, 'narrow', asNode({ underlayMtu: 1_500, endpoints: ['192.0.2.9:51820'] }));
    expect((await set({ mtu: 1_420 })).status).toBe(200);
    const refused = await set({ mtu: 1_421 });
    expect(refused).toMatchObject({ status: 409, json: { code: 'mtu.too-large', field: 'mtu' } });
    expect(refused.json['detail']).toMatch(/1421 .*(n1|narrow), 1500/);
    expect(refused.json['remedy']).toMatch(/at most 1420.*1501/);
    expect((await ask(manager, 'GET', '/v1/network')).json['mtu']).toBe(1_420);
  });

  it('take a smaller MTU whatever the underlays carry, and a larger one when the narrow node is gone', async () => {
    await join(manager, 'n1', asNode({ underlayMtu: 1_500 }));
    expect((await set({ mtu: 1_300 })).status).toBe(200);
    await cluster.pass(12_000);
    expect((await set({ mtu: 8_920 })).status).toBe(200);
    expect(await set({ mtu: 1_000 })).toMatchObject({ status: 400, json: { field: 'mtu' } });
  });

  it.each<[string, object, number, string]>([
    ['direct peers of an isolated network', { direct: 'node', isolation: 'isolated' }, 409, 'network.contradictory'],
    ['a client pool inside a pool', { clientPools: ['10.64.0.0/25'] }, 409, 'pool.overlap'],
    ['a client pool around an endpoint', { clientPools: ['192.0.2.0/24'] }, 409, 'pool.overlap'],
    ['a client pool that is no block', { clientPools: ['x'] }, 400, 'request.invalid'],
    ['a mode nobody knows', { masquerade: { mode: 'sometimes' } }, 400, 'request.invalid'],
    ['a field nobody knows', { colour: 'red' }, 400, 'request.invalid'],
    ['pools, which are grown', { pools: [] }, 400, 'request.invalid'],
  ])('refuse %s, and nothing is changed', async (_, patch, status, code) => {
    await join(manager, 'n1', asNode({ endpoints: ['192.0.2.7:51820'] }));
    const before = stored();
    const answer = await set(patch);
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
    expect(answer.json['remedy']).toBeDefined();
    expect(stored()).toEqual(before);
  });

  it('keep a client pool as long as clients have addresses of it', async () => {
    await set({ clientPools: ['10.200.0.0/16', 'fd65::/64'] });
    const client = { publicKey: `${'B'.repeat(42)}A=` };
    const added = await ask(manager, 'PUT', '/v1/clients/laptop', client);
    expect(added.status).toBe(200);
    for (const clientPools of [[], ['fd65::/64'], ['10.201.0.0/16', 'fd65::/64']]) {
      const refused = await set({ clientPools });
      expect(refused).toMatchObject({ status: 409, json: { code: 'pool.in-use', field: 'clientPools' } });
      expect(refused.json['detail']).toMatch(/10.200.0.0\/16 .*10.200.* laptop/);
    }
    expect((await ask(manager, 'DELETE', '/v1/clients/laptop')).status).toBe(204);
    expect(await set({ clientPools: [] })).toMatchObject({ status: 200, json: { clientPools: [] } });
  });

  it('keep pools from growing into client pools, and endpoints out of both', async () => {
    await join(manager, 'n1', asNode({ endpoints: ['192.0.2.7:51820'] }));
    await set({ clientPools: ['10.200.0.0/16'] });
    for (const pool of ['10.200.0.0-14', '192.0.0.0-16'])
      expect(await ask(manager, 'PUT', `/v1/pools/${pool}`, { prefixLength: 24 })).toMatchObject({
        status: 409,
        json: { code: 'pool.overlap' },
      });
    const inside = asNode({ endpoints: ['10.200.0.7:51820'] });
    expect(await ask(manager, 'PUT', '/v1/nodes/n2', inside)).toMatchObject({
      status: 400,
      json: { field: 'endpoints', detail: expect.stringContaining('10.200.0.0/16') as unknown },
    });
  });
});
