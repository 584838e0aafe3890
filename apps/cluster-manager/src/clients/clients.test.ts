/** Clients in the register: one name, one key, one address of each family; each leaves with its tombstone, by a word or by the end of its life. */
import { randomBytes } from 'node:crypto';
import type { Client, ClientInput } from '@wgcni/api';
import type { GoneRecord } from '@wgcni/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, beforeCommitOf, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

const newKey = (): string => randomBytes(32).toString('base64');

describe('a client', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork();
    await withPools(['10.66.0.0/24', 'fd66::/64']);
  });
  afterEach(() => cluster.stop());

  async function withPools(clientPools: string[]): Promise<void> {
    const [item] = cluster.stored(cluster.keys.network);
    cluster.write(cluster.keys.network, JSON.stringify({ ...JSON.parse(item?.value ?? '{}'), clientPools }));
    await cluster.pass(100);
  }
  const put = (name: string, input: ClientInput, at = manager) => ask(at, 'PUT', `/v1/clients/${name}`, input);
  const kept = async (name: string, input: ClientInput): Promise<Client> => {
    const { status, json } = await put(name, input);
    expect([status, json]).toMatchObject([200, {}]);
    return json as unknown as Client;
  };
  const keysOfClients = (): string[] =>
    cluster
      .stored(cluster.keys.root)
      .map(({ key }) => key.slice(cluster.keys.root.length))
      .filter((key) => /client/.test(key))
      .sort();
  const tombstones = (): GoneRecord[] =>
    cluster.stored(cluster.keys.gone).map(({ value }) => JSON.parse(value) as GoneRecord);
  const leases = () => cluster.backend.leases().filter(({ keys }) => keys.length === 0);

  it('gets one address of each family, and the same answer again', async () => {
    const publicKey = newKey();
    const client = await kept('laptop', { publicKey });
    expect(client).toMatchObject({ name: 'laptop', publicKey, via: null, reachable: false, allowedIps: null });
    expect(client).toMatchObject({ expiresAt: null });
    expect(client.addresses).toEqual([
      expect.stringMatching(/^10\.66\.0\.\d+$/) as string,
      expect.stringMatching(/^fd66::/) as string,
    ]);
    const before = cluster.backend.revision;
    expect(await kept('laptop', { publicKey })).toEqual(client);
    expect(cluster.backend.revision).toBe(before);
    expect((await ask(manager, 'GET', '/v1/clients/laptop')).json).toEqual(client);
    expect((await ask(manager, 'GET', '/v1/clients')).json).toMatchObject({ items: [client], next: null });
  });

  it('changes what it may under its key, and keeps its addresses', async () => {
    await join(manager, 'n1');
    const publicKey = newKey();
    const { addresses } = await kept('laptop', { publicKey });
    const changed = await kept('laptop', {
      ...{ publicKey, via: 'n1', reachable: true },
      allowedIps: ['10.64.1.0/24', '0.0.0.0/0'],
    });
    expect(changed).toMatchObject({ addresses, via: 'n1', reachable: true, allowedIps: ['0.0.0.0/0'] });
  });

  it('of a name that is taken is told so, with what to do', async () => {
    await kept('laptop', { publicKey: newKey() });
    const { status, json } = await put('laptop', { publicKey: newKey() });
    expect([status, json.code, json.field]).toEqual([409, 'client.exists', 'publicKey']);
    expect(json.remedy).toContain('wgcni client remove laptop');
  });

  it('has a key of its own: not a node’s, not another client’s; and no node takes a client’s', async () => {
    const [node, key] = [asNode(), newKey()];
    await join(manager, 'n1', node);
    await kept('laptop', { publicKey: key });
    for (const publicKey of [node.publicKey, key])
      expect(await put('phone', { publicKey })).toMatchObject({ status: 409, json: { code: 'key.claimed' } });
    expect(await ask(manager, 'PUT', '/v1/nodes/n2', asNode({ publicKey: key }))).toMatchObject({
      ...{ status: 409, json: { code: 'key.claimed', detail: `the public key ${key} is claimed by client/laptop` } },
    });
  });

  it.each<[string, ClientInput, [number, string, string]]>([
    ['a node that is not there', { publicKey: newKey(), via: 'n9' }, [404, 'node.unknown', 'via']],
    [
      'a block of nobody',
      { publicKey: newKey(), allowedIps: ['172.30.0.0/16'] },
      [400, 'request.invalid', 'allowedIps'],
    ],
    [
      'a block that is none',
      { publicKey: newKey(), allowedIps: ['10.64.0.1/12'] },
      [400, 'request.invalid', 'allowedIps'],
    ],
    ['a life of no length', { publicKey: newKey(), ttlSec: 0 }, [400, 'request.invalid', 'ttlSec']],
    ['a key that is none', { publicKey: 'x' }, [400, 'request.invalid', 'publicKey']],
  ])('is refused with %s, and nothing is written', async (_, input, refusal) => {
    const before = cluster.backend.revision;
    const { status, json } = await put('laptop', input);
    expect([status, json.code, json.field]).toEqual(refusal);
    expect(cluster.backend.revision).toBe(before);
    expect(leases()).toEqual([]);
  });

  it('is refused where the network has no client pool, or a full one', async () => {
    await withPools(['10.66.0.0/30']);
    for (const name of ['one', 'two']) await kept(name, { publicKey: newKey() });
    const full = await put('three', { publicKey: newKey(), ttlSec: 60 });
    expect([full.status, full.json.code, full.json['detail']]).toEqual([
      ...[409, 'pool.exhausted', 'every address of the client pool 10.66.0.0/30 is taken'],
    ]);
    await withPools([]);
    expect(await put('four', { publicKey: newKey() })).toMatchObject({
      ...{ status: 409, json: { code: 'client.pool-absent' } },
    });
  });

  it('gets an address of a family whose pool came later, by being asked for again', async () => {
    await withPools(['10.66.0.0/24']);
    const publicKey = newKey();
    const before = await kept('laptop', { publicKey });
    await withPools(['10.66.0.0/24', 'fd66::/64']);
    const { addresses } = await kept('laptop', { publicKey });
    expect(addresses).toEqual([...before.addresses, expect.stringMatching(/^fd66::/)]);
  });

  it('is removed with everything that was its own, and leaves a tombstone by its key', async () => {
    const publicKey = newKey();
    const { addresses } = await kept('laptop', { publicKey, ttlSec: 60 });
    expect((await ask(manager, 'DELETE', '/v1/clients/laptop')).status).toBe(204);
    expect((await ask(manager, 'DELETE', '/v1/clients/laptop')).status).toBe(204);
    expect(keysOfClients()).toEqual([cluster.keys.goneEntry('client', publicKey).slice(cluster.keys.root.length)]);
    expect(cluster.stored(cluster.keys.keyClaims)).toEqual([]);
    expect(tombstones()).toMatchObject([{ kind: 'client', id: publicKey, why: 'deleted', publicKey, addresses }]);
    expect(leases()).toEqual([]);
    expect(await ask(manager, 'DELETE', '/v1/clients/nobody')).toMatchObject({
      ...{ status: 404, json: { code: 'client.unknown' } },
    });
  });

  it('that left with a key that is known is not buried under another one, and again and again under its own', async () => {
    const [publicKey, mistyped] = [newKey(), newKey()];
    const remove = (key: string) => ask(manager, 'DELETE', `/v1/clients/laptop?publicKey=${encodeURIComponent(key)}`);
    expect(await remove(mistyped)).toMatchObject({ status: 404, json: { code: 'client.unknown', field: 'name' } });
    await kept('laptop', { publicKey });
    for (let times = 0; times < 2; times += 1) expect((await remove(publicKey)).status).toBe(204);
    const { status, json } = await remove(mistyped);
    expect([status, json.code, json.field]).toEqual([404, 'client.unknown', 'publicKey']);
    for (const key of [mistyped, publicKey]) expect(json['detail']).toContain(key);
    expect(json.remedy).toContain('add it again');
    expect(tombstones()).toMatchObject([{ id: publicKey, isKeyKnown: true }]);
    expect(leases()).toEqual([]);
  });

  it('that comes back with its key has its address again, and no tombstone', async () => {
    const publicKey = newKey();
    const { addresses } = await kept('laptop', { publicKey });
    await ask(manager, 'DELETE', '/v1/clients/laptop');
    expect((await kept('other', { publicKey })).addresses).toEqual(addresses);
    expect(tombstones()).toEqual([]);
    await cluster.pass(1_000);
    expect(leases()).toEqual([]);
  });

  it('leaves an address that rests as long as others are free', async () => {
    await withPools(['10.66.0.0/29']);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await kept(name, { publicKey: newKey() });
    const { addresses } = (await ask(manager, 'GET', '/v1/clients/c')).json as unknown as Client;
    await ask(manager, 'DELETE', '/v1/clients/c');
    expect((await kept('f', { publicKey: newKey() })).addresses).not.toEqual(addresses);
    expect((await kept('g', { publicKey: newKey() })).addresses).toEqual(addresses);
  });

  it('ends with its lease, by the leader, with why', async () => {
    const publicKey = newKey();
    const { addresses, expiresAt } = await kept('laptop', { publicKey, ttlSec: 60 });
    expect(expiresAt).toBe(new Date(cluster.clock.wallMs() + 60_000).toISOString());
    await cluster.pass(59_000);
    expect((await ask(manager, 'GET', '/v1/clients/laptop')).status).toBe(200);
    await cluster.pass(2_000);
    expect((await ask(manager, 'GET', '/v1/clients/laptop')).status).toBe(404);
    expect(tombstones()).toMatchObject([{ kind: 'client', why: 'expired', publicKey, addresses, subnets: [] }]);
    expect(keysOfClients()).toHaveLength(1);
    expect(cluster.logged.filter(({ event }) => event === 'client.expired')).toHaveLength(1);
  });

  it('lives on when it is asked for again, and for good with a TTL of null', async () => {
    const publicKey = newKey();
    await kept('laptop', { publicKey, ttlSec: 60 });
    await cluster.pass(50_000);
    await kept('laptop', { publicKey, ttlSec: 60 });
    await cluster.pass(50_000);
    expect((await ask(manager, 'GET', '/v1/clients/laptop')).status).toBe(200);
    expect(cluster.backend.leases().filter(({ ttlSec }) => ttlSec === 60)).toHaveLength(1);
    expect((await kept('laptop', { publicKey, ttlSec: null })).expiresAt).toBeNull();
    await cluster.pass(200_000);
    expect((await ask(manager, 'GET', '/v1/clients/laptop')).status).toBe(200);
    expect(cluster.backend.leases().filter(({ ttlSec }) => ttlSec === 60)).toEqual([]);
  });

  it('keeps its end when something else of it changes, and when nothing does', async () => {
    const publicKey = newKey();
    const { expiresAt } = await kept('laptop', { publicKey, ttlSec: 60 });
    await cluster.pass(50_000);
    expect(await kept('laptop', { publicKey, reachable: true })).toMatchObject({ reachable: true, expiresAt });
    const before = cluster.backend.revision;
    expect(await kept('laptop', { publicKey, reachable: true })).toMatchObject({ expiresAt });
    expect(cluster.backend.revision).toBe(before);
    await cluster.pass(12_000);
    expect((await ask(manager, 'GET', '/v1/clients/laptop')).status).toBe(404);
    expect(tombstones()).toMatchObject([{ why: 'expired', publicKey }]);
  });

  it('whose life begins anew while the leader takes it away stays', async () => {
    const { keys } = cluster;
    await kept('laptop', { publicKey: newKey(), ttlSec: 60 });
    const life = JSON.stringify({ schema: 1, name: 'laptop', ttlSec: 60, expiresAt: '' });
    beforeCommitOf(keys.client('laptop'), manager, () => cluster.write(keys.clientLife('laptop'), life));
    await cluster.pass(70_000);
    expect((await ask(manager, 'GET', '/v1/clients/laptop')).status).toBe(200);
    expect(tombstones()).toEqual([]);
    await cluster.pass(1_000);
    expect(leases()).toEqual([]);
  });

  it('whose life ended while nobody led is taken away by the next leader', async () => {
    await kept('laptop', { publicKey: newKey(), ttlSec: 30 });
    await manager.stop();
    await cluster.pass(40_000);
    expect(keysOfClients()).toContain('mesh/clients/laptop');
    manager = await cluster.start('m2');
    await cluster.pass(10_000);
    expect(keysOfClients()).not.toContain('mesh/clients/laptop');
    expect(tombstones()).toMatchObject([{ why: 'expired' }]);
  });

  it('whose life cannot be read lives, also under a leader that could never read it', async () => {
    await kept('laptop', { publicKey: newKey(), ttlSec: 30 });
    cluster.write(cluster.keys.clientLife('laptop'), '{"schema":99}');
    await manager.stop();
    manager = await cluster.start('m2');
    await cluster.pass(60_000);
    expect((await ask(manager, 'GET', '/v1/clients/laptop')).status).toBe(200);
  });

  it('whose address another got meanwhile gets the next one', async () => {
    const publicKey = newKey();
    const [wanted = ''] = (await kept('first', { publicKey })).addresses;
    await ask(manager, 'DELETE', '/v1/clients/first');
    const record = JSON.stringify({ schema: 1, name: 'thief' });
    beforeCommitOf(cluster.keys.client('first'), manager, () =>
      cluster.write(cluster.keys.clientAddress(wanted), record),
    );
    expect((await kept('first', { publicKey })).addresses).not.toContain(wanted);
  });

  it('is taken in once although the answer of the store was lost', async () => {
    const { transact } = manager.store;
    let lost = 0;
    manager.store.transact = async (transaction) => {
      const outcome = await transact.call(manager.store, transaction);
      if (lost > 0 || !transaction.then.some(({ key }) => key.endsWith('/clients/laptop'))) return outcome;
      lost += 1;
      return { arm: 'unknown', cause: new Error('lost') };
    };
    const asked = put('laptop', { publicKey: newKey(), ttlSec: 60 });
    await cluster.pass(5_000);
    expect((await asked).status).toBe(200);
    expect(lost).toBe(1);
    await cluster.pass(2_000);
    expect(cluster.backend.leases().filter(({ ttlSec }) => ttlSec === 60)).toMatchObject([
      { keys: [expect.anything()] },
    ]);
  });
});
