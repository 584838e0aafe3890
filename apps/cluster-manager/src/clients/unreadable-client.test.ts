/** A client of which something in the store cannot be read, as when a newer cluster-manager wrote it: an operator can cut it off all the same. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@wgcni/api';
import type { GoneRecord } from '@wgcni/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

const newKey = (): string => randomBytes(32).toString('base64');
const unreadable = '{"schema":99}';

describe('a client of which something cannot be read', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  let publicKey: string;
  let addresses: string[];
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork();
    const [item] = cluster.stored(cluster.keys.network);
    const pools = { clientPools: ['10.66.0.0/24', 'fd66::/64'] };
    cluster.write(cluster.keys.network, JSON.stringify({ ...JSON.parse(item?.value ?? '{}'), ...pools }));
    await cluster.pass(100);
    publicKey = newKey();
    ({ addresses } = (await put({ ttlSec: 60 })).json as unknown as Client);
  });
  afterEach(() => cluster.stop());

  const put = (more: object = {}) => ask(manager, 'PUT', '/v1/clients/laptop', { publicKey, ...more });
  const remove = (key?: string) =>
    ask(manager, 'DELETE', `/v1/clients/laptop${key === undefined ? '' : `?publicKey=${encodeURIComponent(key)}`}`);
  const keysOfClients = (): string[] => {
    const { clients, clientAddresses, clientLives, keyClaims } = cluster.keys;
    return [clients, clientAddresses, clientLives, keyClaims].flatMap((at) => cluster.stored(at).map(({ key }) => key));
  };
  const tombstones = (): GoneRecord[] =>
    cluster.stored(cluster.keys.gone).map(({ value }) => JSON.parse(value) as GoneRecord);
  const buried = () => [{ kind: 'client', id: publicKey, why: 'deleted', publicKey, addresses }];

  async function spoil(...keys: string[]): Promise<void> {
    for (const key of keys) cluster.write(key, unreadable);
    await cluster.pass(100);
  }
  /** Under a leader that has never seen what stood there before. */
  async function nextLeader(): Promise<void> {
    await manager.stop();
    manager = await cluster.start('m2');
    await cluster.pass(10_000);
  }

  it('is removed by its last good record, with a tombstone and everything that was its own', async () => {
    const { keys } = cluster;
    await spoil(keys.client('laptop'), keys.clientLife('laptop'), keys.keyClaim(publicKey));
    await spoil(keys.clientAddress(addresses[0] ?? ''));
    expect(await remove()).toMatchObject({ status: 204 });
    expect(keysOfClients()).toEqual([]);
    expect(tombstones()).toMatchObject(buried());
  });

  it('keeps no other from being listed, also where its list of blocks is empty, which no answer can show', async () => {
    const about = { schema: 1, name: 'tablet', publicKey: newKey(), addresses: ['10.66.0.9'], via: null };
    const empty = JSON.stringify({ ...about, reachable: false, allowedIps: [], expires: false });
    cluster.write(cluster.keys.client('tablet'), empty);
    await cluster.pass(100);
    const { status, json } = await ask(manager, 'GET', '/v1/clients');
    expect([status, json]).toMatchObject([200, { items: [{ name: 'laptop' }] }]);
  });

  it('is removed by its claims where nobody has read its record', async () => {
    await spoil(cluster.keys.client('laptop'));
    await nextLeader();
    expect(await remove()).toMatchObject({ status: 204 });
    expect(keysOfClients()).toEqual([]);
    expect(tombstones()).toMatchObject(buried());
  });

  it('is removed by the key that the operator says where nothing else says it', async () => {
    const { keys } = cluster;
    await spoil(keys.client('laptop'), keys.keyClaim(publicKey));
    await nextLeader();
    const { status, json } = await remove();
    expect([status, json.code, json.field]).toEqual([400, 'request.invalid', 'publicKey']);
    expect(json.remedy).toContain('wgcni client remove laptop --public-key');
    expect(await remove(publicKey)).toMatchObject({ status: 204 });
    expect(keysOfClients()).toEqual([]);
    expect(tombstones()).toMatchObject(buried());
    expect((await put()).status).toBe(200);
  });

  it('is not cut off by a key that nothing in the register is of: it is told which ones there are', async () => {
    const { keys } = cluster;
    await spoil(keys.client('laptop'), keys.keyClaim(publicKey));
    await nextLeader();
    const { status, json } = await remove(newKey());
    expect([status, json.code, json.field]).toEqual([400, 'request.invalid', 'publicKey']);
    expect(json.remedy).toContain(publicKey);
    expect([tombstones(), cluster.stored(keys.clients)]).toMatchObject([[], [{ value: unreadable }]]);
  });

  it.each<[string, boolean]>([
    ['whose claim cannot be read', true],
    ['that nobody claims any more', false],
  ])('is cut off by its key %s, also after a removal by a wrong one', async (_, isClaimed) => {
    const { keys } = cluster;
    await spoil(keys.client('laptop'));
    cluster.write(keys.keyClaim(publicKey));
    await nextLeader();
    const wrong = newKey();
    expect(await remove(wrong)).toMatchObject({ status: 204 });
    if (isClaimed) await spoil(keys.keyClaim(publicKey));
    expect(await remove(publicKey)).toMatchObject({ status: 204 });
    expect(
      tombstones()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([wrong, publicKey].sort());
    expect(keysOfClients()).toEqual([]);
    const before = cluster.backend.revision;
    expect(await remove(publicKey)).toMatchObject({ status: 204 });
    expect(cluster.backend.revision).toBe(before);
  });

  it('takes nobody else with it: a key that another has is refused, with and without a record', async () => {
    const { keys } = cluster;
    const [node, phone] = [asNode(), newKey()];
    await join(manager, 'n1', node);
    await ask(manager, 'PUT', '/v1/clients/phone', { publicKey: phone });
    await spoil(keys.client('laptop'), keys.keyClaim(publicKey), keys.keyClaim(node.publicKey));
    await nextLeader();
    for (const [key, owner] of [
      [node.publicKey, 'n1'],
      [phone, 'client/phone'],
    ] as const) {
      expect(await remove(key)).toMatchObject({ status: 409, json: { code: 'key.claimed', field: 'publicKey' } });
      expect((await remove(key)).json['detail']).toContain(`claimed by ${owner}`);
    }
    expect(await remove(publicKey)).toMatchObject({ status: 204 });
    expect(await remove(phone)).toMatchObject({ status: 409, json: { code: 'key.claimed' } });
    expect(tombstones()).toMatchObject(buried());
    expect((await ask(manager, 'GET', '/v1/clients/phone')).status).toBe(200);
  });

  it('is not taken for one of another key', async () => {
    for (const spoiled of [[], [cluster.keys.client('laptop')]]) {
      await spoil(...spoiled);
      expect(await remove(newKey())).toMatchObject({ status: 409, json: { code: 'client.exists' } });
    }
    expect(tombstones()).toEqual([]);
    expect(await remove(publicKey)).toMatchObject({ status: 204 });
  });

  it('is not written over, and says so at once', async () => {
    await spoil(cluster.keys.client('laptop'));
    const { status, json } = await put();
    expect([status, json.code, json.field]).toEqual([409, 'client.exists', 'name']);
    expect(json.remedy).toContain('wgcni client remove laptop');
    expect(cluster.stored(cluster.keys.clients)).toMatchObject([{ value: unreadable }]);
  });

  it('does not end by itself: what cannot be read may say that it has no end', async () => {
    await spoil(cluster.keys.client('laptop'));
    await cluster.pass(70_000);
    expect(cluster.stored(cluster.keys.clientLives)).toEqual([]);
    expect(cluster.stored(cluster.keys.clients)).toHaveLength(1);
    expect(cluster.logged.filter(({ event }) => event === 'client.not-expired')).toEqual([]);
  });

  it.each<[string, () => string]>([
    ['its address', () => cluster.keys.clientAddress(addresses[0] ?? '')],
    ['its key', () => cluster.keys.keyClaim(publicKey)],
  ])('is told which claim it is of %s that nobody can read, before and after a change of leader', async (_, keyOf) => {
    await spoil(keyOf());
    for (const ttlSec of [null, 60]) {
      const { status, json } = await put({ ttlSec });
      expect([status, json.code, json['detail']]).toEqual([
        ...[503, 'record.unreadable', expect.stringContaining(keyOf())],
      ]);
      expect(json.remedy).toContain('wgcni client remove laptop');
      await nextLeader();
    }
    expect(await remove()).toMatchObject({ status: 204 });
    expect(keysOfClients()).toEqual([]);
    expect((await put()).status).toBe(200);
  });

  it('comes back although nobody can read how it left', async () => {
    await remove();
    await spoil(cluster.keys.goneEntry('client', publicKey));
    expect((await put()).status).toBe(200);
    expect(cluster.stored(cluster.keys.gone)).toEqual([]);
  });

  it('gets a new life in the place of one that cannot be read, when it is asked for', async () => {
    await spoil(cluster.keys.clientLife('laptop'));
    expect((await put()).status).toBe(200);
    expect(cluster.stored(cluster.keys.clientLives)).toHaveLength(1);
    expect(await put({ ttlSec: null })).toMatchObject({ status: 200, json: { expiresAt: null } });
    expect(cluster.stored(cluster.keys.clientLives)).toEqual([]);
  });
});
