/** What changes the network, and what rests on it, at the same moment: one comes after the other, and is judged by what that one has made. */
import { settled } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, beforeCommitOf, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

let cluster: TestCluster;
let manager: TestReplica;
beforeEach(async () => {
  cluster = new TestCluster();
  manager = await cluster.startWithNetwork([], { clientPools: ['10.200.0.0/16'] });
  await join(manager, 'n1', asNode({ offers: ['172.20.0.0/24'] }));
});
afterEach(() => cluster.stop());

const publicKey = `${'B'.repeat(42)}A=`;
const nodeAt = (endpoint: string) => asNode({ endpoints: [endpoint] });

type Request = ['PUT' | 'PATCH', string, object];
const client: Request = ['PUT', '/v1/clients/laptop', { publicKey }];
const route: Request = ['PUT', '/v1/nodes/n1/routes/172.20.0.0-24', {}];
const noClientPool: Request = ['PATCH', '/v1/network', { clientPools: [] }];
const newClientPool: Request = ['PATCH', '/v1/network', { clientPools: ['10.200.0.0/16', 'fd66::/64'] }];
const poolOverRoute: Request = ['PUT', '/v1/pools/172.20.0.0-16', { prefixLength: 24 }];
const clientPoolOverRoute: Request = ['PATCH', '/v1/network', { clientPools: ['172.20.0.0/16'] }];
const poolOverNode: Request = ['PUT', '/v1/pools/198.51.100.0-24', { prefixLength: 28 }];
const nodeInPool: Request = ['PUT', '/v1/nodes/n2', nodeAt('198.51.100.7:51820')];
const clientPoolOverNode: Request = ['PATCH', '/v1/network', { clientPools: ['198.51.100.0/24'] }];
const wide: Request = ['PATCH', '/v1/network', { mtu: 8_000 }];
const narrow: Request = ['PUT', '/v1/nodes/n2', asNode({ underlayMtu: 1_500 })];

/** Until the test lets it go on, the transaction that writes the key stays between its plan and its commit. */
function holdCommitOf(key: string): { held: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const { store } = manager;
  const transact = store.transact.bind(store);
  const held = new Promise<void>((resolve) => {
    store.transact = async (transaction) => {
      if (transaction.then.some((write) => write.key === key)) {
        store.transact = transact;
        resolve();
        await released;
      }
      return transact(transaction);
    };
  });
  return { held, release };
}

describe('of two that cannot both be', () => {
  const { keys } = new TestCluster();
  it.each<[string, [Request, string], Request, string]>([
    ['a client pool that goes, and a client', [noClientPool, keys.network], client, 'client.pool-absent'],
    ['a client, and its pool that goes', [client, keys.client('laptop')], noClientPool, 'pool.in-use'],
    ['a pool, and a route in it', [poolOverRoute, keys.network], route, 'route.overlap'],
    ['a route, and a pool around it', [route, keys.node('n1')], poolOverRoute, 'pool.overlap'],
    ['a client pool, and a route in it', [clientPoolOverRoute, keys.network], route, 'route.overlap'],
    ['a route, and a client pool around it', [route, keys.node('n1')], clientPoolOverRoute, 'pool.overlap'],
    ['a pool, and an endpoint in it', [poolOverNode, keys.network], nodeInPool, 'request.invalid'],
    ['an endpoint, and a pool around it', [nodeInPool, keys.node('n2')], poolOverNode, 'pool.overlap'],
    ['an endpoint, and a client pool around it', [nodeInPool, keys.node('n2')], clientPoolOverNode, 'pool.overlap'],
  ])('%s: the first is done, the other is refused', async (_, [first, key], second, code) => {
    const { held, release } = holdCommitOf(key);
    const asked = ask(manager, ...first);
    await held;
    const other = ask(manager, ...second);
    await settled();
    release();
    expect((await asked).status).toBe(200);
    expect((await other).json.code).toBe(code);
  });

  it('a node of a small underlay, and an MTU above it: the first is done, the other is refused', async () => {
    await ask(manager, 'DELETE', '/v1/nodes/n1?force=true');
    const { held, release } = holdCommitOf(keys.node('n2'));
    const asked = ask(manager, ...narrow);
    await held;
    const other = ask(manager, ...wide);
    await settled();
    release();
    expect([(await asked).status, (await other).json.code]).toEqual([200, 'mtu.too-large']);
  });
});

it('a client pool stays when the next leader has taken a client in between the look and the commit of its end', async () => {
  const { keys } = cluster;
  beforeCommitOf(keys.network, manager, () => {
    cluster.write(keys.leader);
    cluster.write(keys.leader, JSON.stringify({ schema: 1, replicaId: 'm2', url: 'http://localhost:1' }));
    const record = { name: 'laptop', publicKey, addresses: ['10.200.0.9'], via: null, reachable: false };
    cluster.write(keys.client('laptop'), JSON.stringify({ schema: 1, ...record, allowedIps: null, expires: false }));
  });
  const asking = ask(manager, ...noClientPool);
  await cluster.pass(10_000);
  expect((await asking).json.code).toBe('pool.in-use');
  expect(cluster.stored(keys.network)[0]?.value).toContain('10.200.0.0/16');
});

it('a client pool stays when a client that was asked for before had no answer, and comes at the last moment', async () => {
  const { keys } = cluster;
  const { store } = manager;
  const transact = store.transact.bind(store);
  let late: Parameters<typeof transact>[0] | undefined;
  let isLost = true;
  store.transact = async (transaction) => {
    const writes = (key: string): boolean => transaction.then.some((write) => write.key === key);
    if (writes(keys.client('laptop')) && isLost) {
      late = transaction;
      return { arm: 'unknown', cause: new Error('lost') };
    }
    // The request that was on its way arrives between the plan of the next change and its commit.
    if (writes(keys.network) && late !== undefined) await transact(late);
    return transact(transaction);
  };
  const asked = ask(manager, ...client);
  await cluster.pass(10_000);
  expect((await asked).json.code).toBe('outcome.unknown');
  isLost = false;
  const refused = ask(manager, ...noClientPool);
  // The leader may be asking by itself for what is open, and pause between two tries.
  await cluster.pass(10_000);
  expect((await refused).json.code).toBe('pool.in-use');
  expect((await ask(manager, ...client)).status).toBe(200);
});

it('what does not rest on each other goes one after the other, and both are done', async () => {
  const answers = await Promise.all([ask(manager, ...newClientPool), ask(manager, ...client), ask(manager, ...route)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});
