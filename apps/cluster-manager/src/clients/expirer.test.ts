/** How often the leader looks at clients when lives end: as often as lives end, not once at everybody for each. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask, TestCluster, type TestReplica } from '../testing/cluster.ts';

let cluster: TestCluster;
let manager: TestReplica;
beforeEach(async () => {
  cluster = new TestCluster();
  manager = await cluster.startWithNetwork();
  await ask(manager, 'PATCH', '/v1/network', { clientPools: ['10.200.0.0/20'] });
});
afterEach(() => cluster.stop());

const add = async (prefix: string, count: number, ttlSec: number | null): Promise<void> => {
  for (let each = 0; each < count; each += 1) {
    const publicKey = randomBytes(32).toString('base64');
    const { status } = await ask(manager, 'PUT', `/v1/clients/${prefix}-${each}`, { publicKey, ttlSec });
    expect(status).toBe(200);
  }
};

/** Looks at records of clients, from when this is called. */
function countLooks(): () => number {
  const { clients } = manager.replica.state;
  const [get, all] = [clients.get.bind(clients), clients.all.bind(clients)];
  let looks = 0;
  clients.get = (key) => {
    looks += 1;
    return get(key);
  };
  clients.all = () => {
    const found = all();
    looks += found.length;
    return found;
  };
  return () => looks;
}

it.each([
  ['few', 5, 10],
  ['many, among many that go on,', 100, 80],
])('looks at each client a few times when the lives of %s end at once', async (_, lasting, ending) => {
  await add('lasting', lasting, null);
  await add('ending', ending, 60);
  const looks = countLooks();
  await cluster.pass(70_000);
  // What is to be seen of them is counted before it is looked at here.
  const seen = looks();
  expect(cluster.stored(cluster.keys.clients)).toHaveLength(lasting);
  expect(seen).toBeGreaterThanOrEqual(ending);
  expect(seen).toBeLessThanOrEqual(ending * 8);
});
