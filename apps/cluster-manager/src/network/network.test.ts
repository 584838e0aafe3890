/** The network: created once, restored under its id, grown and never shrunk; flags that differ are named. */
import { optionsOf } from '@wgcni/ipam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, join, plan, TestCluster } from '../testing/cluster.ts';
import { bootstrap } from './bootstrap.ts';

describe('the network', () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = new TestCluster();
  });
  afterEach(() => cluster.stop());

  it('is absent until it is created, and says how to create it', async () => {
    const manager = await cluster.start('m1');
    for (const url of ['/v1/network', '/v1/pools', '/readyz']) {
      const { status, json } = await ask(manager, 'GET', url);
      expect([status, json.code]).toEqual([503, 'network.absent']);
      expect(json.remedy).toContain('--bootstrap');
    }
    expect((await ask(manager, 'PUT', '/v1/network', plan)).status).toBe(200);
    expect((await ask(manager, 'GET', '/readyz')).status).toBe(200);
  });

  it('is created by one of two that bootstrap at once, and both go on', async () => {
    const [one, two] = [await cluster.start('m1'), await cluster.start('m2')];
    await Promise.all([one, two].map(({ replica }) => bootstrap(replica, plan, true)));
    const ids = await Promise.all(
      [one, two].map(async (each) => (await ask(each, 'GET', '/v1/network')).json['networkId']),
    );
    expect(ids[0]).toBe(ids[1]);
    expect(cluster.stored(cluster.keys.network)).toHaveLength(1);
  });

  it('is not created without the order to', async () => {
    const manager = await cluster.start('m1');
    await bootstrap(manager.replica, plan, false);
    expect(cluster.stored(cluster.keys.network)).toHaveLength(0);
  });

  it('refuses flags that it does not contain, and names them all', async () => {
    const manager = await cluster.startWithNetwork();
    await bootstrap(manager.replica, { pools: plan.pools.slice(1), mtu: 1_420 }, false);
    const said = { pools: [{ cidr: '10.80.0.0/12', prefixLength: 24 }], mtu: 1_400 };
    await expect(bootstrap(manager.replica, said, true)).rejects.toMatchObject({
      code: 'config.invalid',
      field: '--pool',
      message: expect.stringMatching(
        /--pool 10.80.0.0\/12:24 is stored as .*; --mtu 1400 is stored as 1420/,
      ) as unknown,
    });
  });

  it('is restored under the id that its nodes know, once', async () => {
    const manager = await cluster.start('m1');
    const networkId = 'c'.repeat(32);
    const restored = await ask(manager, 'PUT', '/v1/network', { ...plan, networkId });
    expect(restored).toMatchObject({ status: 200, json: { networkId } });
    expect((await ask(manager, 'PUT', '/v1/network', { ...plan, networkId })).json).toEqual(restored.json);
    for (const other of [
      { ...plan, networkId: 'd'.repeat(32) },
      { ...plan, mtu: 1_300 },
    ])
      expect(await ask(manager, 'PUT', '/v1/network', other)).toMatchObject({
        status: 409,
        json: { code: 'network.exists' },
      });
  });

  it('shows the defaults of all options, and is created and restored with what is said of them', async () => {
    const manager = await cluster.startWithNetwork();
    expect((await ask(manager, 'GET', '/v1/network')).json).toMatchObject(optionsOf({}));
    const other = new TestCluster();
    const restored = await other.start('m1');
    const said = { clientPools: ['10.200.0.0/16'], masquerade: { mode: 'off', except: ['192.168.0.0/16'] } };
    const { status, json } = await ask(restored, 'PUT', '/v1/network', { ...plan, ...said, isolation: 'isolated' });
    expect([status, json]).toMatchObject([200, { ...said, isolation: 'isolated', direct: 'off', link: 'wireguard' }]);
    await other.stop();
  });

  it('is not created with options that contradict each other', async () => {
    const manager = await cluster.start('m1');
    const said = { ...plan, direct: 'node', link: 'veth' };
    expect(await ask(manager, 'PUT', '/v1/network', said)).toMatchObject({
      status: 409,
      json: { code: 'network.contradictory' },
    });
    expect(cluster.stored(cluster.keys.network)).toHaveLength(0);
  });

  it('grows by a pool, from which the next node is granted', async () => {
    const manager = await cluster.startWithNetwork([], { pools: [{ cidr: '10.64.0.0/24', prefixLength: 25 }] });
    for (const nodeId of ['n1', 'n2']) await join(manager, nodeId);
    const grow = async (ifMatch?: string) => {
      const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch };
      const url = '/v1/pools/10.80.0.0-12';
      const { statusCode, ...answer } = await manager.app.inject({
        method: 'PUT',
        url,
        headers,
        payload: { prefixLength: 24 },
      });
      return { status: statusCode, json: answer.json<object>() };
    };
    expect(await grow('"1"')).toMatchObject({ json: { code: 'revision.conflict' } });
    const { json } = await ask(manager, 'GET', '/v1/network');
    const grown = await grow(`"${String(json['revision'])}"`);
    expect(grown).toMatchObject({ status: 200, json: { pools: [{}, { cidr: '10.80.0.0/12', prefixLength: 24 }] } });
    expect((await grow()).json).toEqual(grown.json);
    expect((await join(manager, 'n3')).subnets).toMatchObject([{ cidr: '10.80.0.0/24' }]);
    const { items } = (await ask(manager, 'GET', '/v1/pools')).json as unknown as { items: unknown[] };
    expect(items).toEqual([
      { cidr: '10.64.0.0/24', prefixLength: 25, subnets: '2', taken: 2 },
      { cidr: '10.80.0.0/12', prefixLength: 24, subnets: '4096', taken: 1 },
    ]);
  });

  it.each([
    ['/v1/pools/10.64.0.0-13', { prefixLength: 24 }, 'pool.overlap'],
    ['/v1/pools/10.64.0.0-20', { prefixLength: 25 }, 'pool.overlap'],
    ['/v1/pools/10.64.0.1-20', { prefixLength: 24 }, 'request.invalid'],
    ['/v1/pools/127.0.0.0-8', { prefixLength: 24 }, 'request.invalid'],
    ['/v1/pools/10.80.0.0-12', { prefixLength: 31 }, 'request.invalid'],
    ['/v1/pools/x', { prefixLength: 24 }, 'request.invalid'],
  ])('does not grow by %s %o: %s', async (url, body, code) => {
    const manager = await cluster.startWithNetwork();
    const before = cluster.stored(cluster.keys.network);
    const { status, json } = await ask(manager, 'PUT', url, body);
    expect([status >= 400 && status < 500, json.code]).toEqual([true, code]);
    expect(json.remedy).toBeDefined();
    expect(cluster.stored(cluster.keys.network)).toEqual(before);
  });
});
