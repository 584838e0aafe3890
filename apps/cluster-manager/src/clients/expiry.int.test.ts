/** Clients with an end on a real etcd: the lease ends by itself, and the leader, or the next one, takes the client away. */
import { randomBytes } from 'node:crypto';
import type { ManagerClient } from '@wgcni/api';
import { EtcdStore, keysOf, type GoneRecord, type Keys } from '@wgcni/store';
import { testEtcd, testEtcdPki } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerProcesses } from '../testing/manager-processes.ts';

const etcd = testEtcd();
const store = new EtcdStore(etcd);
const newKey = (): string => randomBytes(32).toString('base64');

describe('on etcd, a client with an end', () => {
  let managers: ManagerProcesses;
  let client: ManagerClient;
  let keys: Keys;
  const stop = new AbortController();
  /** When each key was deleted. */
  const deletedAt = new Map<string, number>();
  beforeAll(async () => {
    managers = await ManagerProcesses.start({ urls: etcd.urls, pki: testEtcdPki() }, 2);
    client = await managers.operatorClient('operate');
    keys = keysOf(managers.cluster);
    const { item, revision } = await store.get(keys.network);
    const value = JSON.stringify({ ...(JSON.parse(item?.value ?? '{}') as object), clientPools: ['10.200.0.0/24'] });
    const written = await store.transact({
      compare: [{ key: keys.network, target: 'mod', equals: item?.modRevision ?? 0 }],
      then: [{ kind: 'put', key: keys.network, value }],
    });
    expect(written.arm).toBe('committed');
    void follow(revision + 1).catch(() => undefined);
  });
  afterAll(async () => {
    stop.abort();
    await client.close();
    await managers.stop();
    await store.close();
  });

  async function follow(revision: number): Promise<void> {
    for await (const { events } of store.watch(keys.root, revision, stop.signal))
      for (const event of events) if (event.kind === 'delete') deletedAt.set(event.key, performance.now());
  }
  const deleted = async (key: string, timeout: number): Promise<number> => {
    await expect.poll(() => deletedAt.get(key), { timeout, interval: 20 }).toBeDefined();
    return deletedAt.get(key) ?? 0;
  };
  const tombstoneOf = async (publicKey: string): Promise<Partial<GoneRecord>> =>
    JSON.parse((await store.get(keys.goneEntry('client', publicKey))).item?.value ?? '{}') as Partial<GoneRecord>;

  it('is taken away within a second of the end of its lease; one that was asked for again stays', async () => {
    const [short, renewed] = [newKey(), newKey()];
    await client.putClient('short', { publicKey: short, ttlSec: 5 });
    await client.putClient('renewed', { publicKey: renewed, ttlSec: 5 });
    await client.putClient('renewed', { publicKey: renewed, ttlSec: 600 });
    const [lapsedAt, goneAt] = [
      await deleted(keys.clientLife('short'), 20_000),
      await deleted(keys.client('short'), 5_000),
    ];
    console.log(`a client was taken away ${Math.round(goneAt - lapsedAt)} ms after its lease had ended`);
    expect(goneAt - lapsedAt).toBeLessThan(1_000);
    expect(await tombstoneOf(short)).toMatchObject({ kind: 'client', why: 'expired', publicKey: short });
    await expect.poll(async () => (await client.clients()).items.map(({ name }) => name)).toEqual(['renewed']);
    expect(deletedAt.has(keys.client('renewed'))).toBe(false);
  });

  it('is taken away by the next leader when the leader died before', async () => {
    const publicKey = newKey();
    await client.putClient('orphan', { publicKey, ttlSec: 5 });
    const leader = await managers.leader();
    leader.child.kill('SIGKILL');
    const lapsedAt = await deleted(keys.clientLife('orphan'), 20_000);
    const goneAt = await deleted(keys.client('orphan'), 20_000);
    console.log(
      `without the leader a client was taken away ${Math.round(goneAt - lapsedAt)} ms after its lease had ended`,
    );
    expect((await managers.leader()).replicaId).not.toBe(leader.replicaId);
    expect(await tombstoneOf(publicKey)).toMatchObject({ why: 'expired' });
  });
});
