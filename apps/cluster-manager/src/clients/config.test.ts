/** The configuration of a client: a peer for each node with what it may send there, or one that carries everything; as text, with a tag, without a key. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

const key = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
const keyOfNode = (index: number): string => Buffer.alloc(32, index).toString('base64');

describe('the configuration of a client', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  beforeAll(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork([], { mtu: 1_380 });
    change(cluster.keys.network, { clientPools: ['10.66.0.0/24', 'fd66::/64'] });
    const endpoints = ['192.0.2.1:51820', '[2001:db8::1]:51820'];
    await join(manager, 'n1', asNode({ publicKey: keyOfNode(1), endpoints }));
    await join(manager, 'n2', asNode({ publicKey: keyOfNode(2), endpoints: ['192.0.2.2:51820'] }));
    change(cluster.keys.node('n2'), { offers: ['192.168.50.0/24', '192.168.60.0/24'], routes: ['192.168.50.0/24'] });
    // Nothing is granted to it yet.
    await join(manager, 'n3', asNode({ publicKey: keyOfNode(3), endpoints: ['192.0.2.3:51820'] }));
    change(cluster.keys.node('n3'), { subnets: [] });
    await cluster.pass(100);
  });
  afterAll(() => cluster.stop());

  function change(at: string, fields: object): void {
    const [item] = cluster.stored(at);
    cluster.write(at, JSON.stringify({ ...JSON.parse(item?.value ?? '{}'), ...fields }));
  }
  async function configOf(input: object, query = '', headers: Record<string, string> = {}) {
    expect(await ask(manager, 'PUT', '/v1/clients/laptop', { publicKey: key, ...input })).toMatchObject({
      status: 200,
    });
    return manager.app.inject({ method: 'GET', url: `/v1/clients/laptop/config${query}`, headers });
  }
  const peersOf = (text: string): string[] =>
    text
      .split('\n\n')
      .slice(1)
      .map((block) => {
        const [, node] = /^# (.*)$/m.exec(block) ?? [];
        const [, allowed] = /^AllowedIPs = (.*)$/m.exec(block) ?? [];
        return `${node}: ${allowed}`;
      });

  it('is this text', async () => {
    const { statusCode, headers, body } = await configOf({});
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(body).toBe(
      [
        ...['# laptop', '[Interface]', '# PrivateKey = <known to the client alone>'],
        ...['Address = 10.66.0.14/32, fd66::c532:103:9adb:a14c/128', 'MTU = 1380', ''],
        ...['# n1', '[Peer]', `PublicKey = ${keyOfNode(1)}`, 'Endpoint = 192.0.2.1:51820'],
        ...['AllowedIPs = 10.64.0.0/24, fd64::/64', 'PersistentKeepalive = 25', ''],
        ...['# n2', '[Peer]', `PublicKey = ${keyOfNode(2)}`, 'Endpoint = 192.0.2.2:51820'],
        ...['AllowedIPs = 10.64.1.0/24, 192.168.50.0/24, fd64:0:0:1::/64', 'PersistentKeepalive = 25', ''],
      ].join('\n'),
    );
  });

  it('names the endpoint of the family that was asked for, where a node has one', async () => {
    const { body } = await configOf({}, '?family=6');
    expect(body.match(/^Endpoint = .*$/gm)).toEqual(['Endpoint = [2001:db8::1]:51820', 'Endpoint = 192.0.2.2:51820']);
    expect((await configOf({}, '?family=5')).statusCode).toBe(400);
  });

  it.each<[string, object, string[]]>([
    [
      'only what it may send, to those who have it',
      { allowedIps: ['10.64.1.0/25', 'fd64::/60'] },
      [...['n1: fd64::/64', 'n2: 10.64.1.0/25, fd64:0:0:1::/64']],
    ],
    [
      'all that is there, when it may send everywhere',
      { allowedIps: ['0.0.0.0/0'] },
      [...['n1: 10.64.0.0/24', 'n2: 10.64.1.0/24, 192.168.50.0/24']],
    ],
    [
      'the one node it dials, with pools, routes and other clients',
      { via: 'n1' },
      ['n1: 10.64.0.0/20, 10.66.0.0/24, 192.168.50.0/24, fd64::/60, fd66::/64'],
    ],
    [
      'the one node it dials, with exactly what it says',
      { via: 'n2', allowedIps: ['0.0.0.0/0', '::/0'] },
      ['n2: 0.0.0.0/0, ::/0'],
    ],
  ])('has as peers %s', async (_, input, peers) => {
    expect(peersOf((await configOf(input)).body)).toEqual(peers);
  });

  it('has a tag by which it is asked for again: nothing is said while nothing has changed', async () => {
    const { etag = '' } = (await configOf({})).headers;
    for (const known of [String(etag), `W/${String(etag)}`, `"x", ${String(etag)}`]) {
      const again = await configOf({}, '', { 'if-none-match': known });
      expect([again.statusCode, again.body, again.headers['etag']]).toEqual([304, '', etag]);
    }
    const other = await configOf({ via: 'n1' }, '', { 'if-none-match': String(etag) });
    expect([other.statusCode, other.headers['etag'] === etag]).toEqual([200, false]);
  });

  it('is not made while a node is missing in it whose record nobody has read', async () => {
    const [item] = cluster.stored(cluster.keys.node('n1'));
    const other = await cluster.start('m2');
    cluster.write(cluster.keys.node('n9'), '{"schema":99}');
    // What was read once is used on.
    cluster.write(cluster.keys.node('n1'), '{"schema":99}');
    await cluster.pass(100);
    const { status, json } = await ask(other, 'GET', '/v1/clients/laptop/config');
    expect([status, json.code, json['detail']]).toEqual([503, 'record.unreadable', expect.stringMatching(/node n9 /)]);
    expect(json.remedy).toContain('update');
    cluster.write(cluster.keys.node('n9'));
    await cluster.pass(100);
    expect((await configOf({})).body).toContain('# n1\n');
    cluster.write(cluster.keys.node('n1'), item?.value ?? '');
    await cluster.pass(100);
    await other.stop();
  });

  it('is made without such a node where it names another one, and says itself what goes there', async () => {
    cluster.write(cluster.keys.node('n9'), '{"schema":99}');
    await cluster.pass(100);
    const one = await configOf({ via: 'n1', allowedIps: ['10.64.0.0/20'] });
    expect([one.statusCode, peersOf(one.body)]).toEqual([200, ['n1: 10.64.0.0/20']]);
    // The approved routes of all nodes are named here.
    expect((await configOf({ via: 'n1' })).statusCode).toBe(503);
    cluster.write(cluster.keys.node('n9'));
    await cluster.pass(100);
    await configOf({ via: 'n1', allowedIps: ['10.64.0.0/20'] });
    const [item] = cluster.stored(cluster.keys.node('n1'));
    cluster.write(cluster.keys.node('n1'), '{"schema":99}');
    const late = await cluster.start('m3');
    const { status, json } = await ask(late, 'GET', '/v1/clients/laptop/config');
    expect([status, json.code, json['detail']]).toEqual([503, 'record.unreadable', expect.stringMatching(/node n1 /)]);
    await late.stop();
    cluster.write(cluster.keys.node('n1'), item?.value ?? '');
    await cluster.pass(100);
  });

  it('is not made while nodes register again in a store that lost history', async () => {
    cluster.write(cluster.keys.recovering, JSON.stringify({ schema: 1, why: 'a test' }));
    await cluster.pass(100);
    const { status, json } = await ask(manager, 'GET', '/v1/clients/laptop/config');
    expect([status, json.code]).toEqual([503, 'cluster.recovering']);
    cluster.write(cluster.keys.recovering);
    await cluster.pass(100);
    expect((await configOf({})).statusCode).toBe(200);
  });

  it('of a client whose one node is gone says so, with what to do', async () => {
    await configOf({ via: 'n2' });
    await ask(manager, 'DELETE', '/v1/nodes/n2?force=true');
    const { status, json } = await ask(manager, 'GET', '/v1/clients/laptop/config');
    expect([status, json.code, json.field]).toEqual([404, 'node.unknown', 'via']);
    expect(json.remedy).toContain('--via');
  });

  it('of nobody is none', async () => {
    expect(await ask(manager, 'GET', '/v1/clients/nobody/config')).toMatchObject({
      ...{ status: 404, json: { code: 'client.unknown' } },
    });
  });
});
