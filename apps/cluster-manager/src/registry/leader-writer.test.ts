/** A change of which nobody knew for a while whether it was made: what was granted for it, and what it leaves, ends all the same. */
import { randomBytes } from 'node:crypto';
import type { ClientInput } from '@wgcni/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, TestCluster, type Answer, type TestReplica } from '../testing/cluster.ts';

let cluster: TestCluster;
let manager: TestReplica;
const input: ClientInput = { publicKey: randomBytes(32).toString('base64') };
beforeEach(async () => {
  cluster = new TestCluster();
  manager = await cluster.startWithNetwork();
  const [item] = cluster.stored(cluster.keys.network);
  const pools = { clientPools: ['10.66.0.0/24'] };
  cluster.write(cluster.keys.network, JSON.stringify({ ...JSON.parse(item?.value ?? '{}'), ...pools }));
  await cluster.pass(100);
});
afterEach(() => cluster.stop());

const put = (more: Partial<ClientInput> = {}) => ask(manager, 'PUT', '/v1/clients/laptop', { ...input, ...more });
const remove = () => ask(manager, 'DELETE', '/v1/clients/laptop');
const idle = () => cluster.backend.leases().filter(({ keys }) => keys.length === 0);

/** Asks while no transaction of the manager gets its answer, until it is told that the outcome is unknown. */
async function unanswered(fault: 'answersToLose' | 'requestsToLose', asked: () => Promise<Answer>): Promise<void> {
  manager.store.faults[fault] = 1_000;
  const asking = asked();
  await cluster.pass(9_000);
  expect(await asking).toMatchObject({ status: 504, json: { code: 'outcome.unknown' } });
}

const heal = () => Object.assign(manager.store.faults, { answersToLose: 0, requestsToLose: 0 });

/** The change that settles the one before. */
async function next(): Promise<void> {
  heal();
  const asking = ask(manager, 'PUT', '/v1/nodes/n1', asNode());
  await cluster.pass(2_000);
  expect((await asking).status).toBe(200);
  await cluster.pass(1_000);
}

describe('a change whose outcome was unknown', () => {
  it.each(['answersToLose', 'requestsToLose'] as const)('of a removal leaves no lease by %s', async (fault) => {
    expect((await put({ ttlSec: 3_600 })).status).toBe(200);
    await unanswered(fault, remove);
    await next();
    expect(cluster.stored(cluster.keys.gone)).toHaveLength(1);
    expect(cluster.stored(cluster.keys.clients)).toEqual([]);
    expect(idle()).toEqual([]);
  });

  it.each(['answersToLose', 'requestsToLose'] as const)('of a return leaves no lease by %s', async (fault) => {
    await put();
    await remove();
    await unanswered(fault, () => put({ ttlSec: 3_600 }));
    await next();
    expect(cluster.stored(cluster.keys.gone)).toEqual([]);
    expect(cluster.stored(cluster.keys.clientLives)).toHaveLength(1);
    expect(idle()).toEqual([]);
  });

  it.each(['answersToLose', 'requestsToLose'] as const)(
    'is settled with no other change after it, by %s',
    async (fault) => {
      await put({ ttlSec: 3_600 });
      await unanswered(fault, remove);
      expect(idle()).toHaveLength(1);
      heal();
      await cluster.pass(4_000);
      expect([cluster.stored(cluster.keys.gone), idle()]).toMatchObject([{ length: 1 }, []]);
    },
  );

  it('is settled with no other change after it, by the next term of the same replica', async () => {
    await put({ ttlSec: 3_600 });
    await unanswered('requestsToLose', remove);
    cluster.write(cluster.keys.leader);
    await cluster.pass(500);
    heal();
    await cluster.pass(10_000);
    expect([cluster.stored(cluster.keys.clients), idle()]).toMatchObject([{ length: 1 }, []]);
  });

  it('that somebody else’s change has overtaken leaves the one that stands, and ends its own', async () => {
    const { keys } = cluster;
    await put({ ttlSec: 3_600 });
    await unanswered('requestsToLose', remove);
    const record = JSON.parse(cluster.stored(keys.clients)[0]?.value ?? '{}') as object;
    cluster.write(keys.client('laptop'), JSON.stringify({ ...record, reachable: true }));
    await next();
    expect([cluster.stored(keys.clients), cluster.stored(keys.clientLives)]).toMatchObject([
      { length: 1 },
      { length: 1 },
    ]);
    expect(cluster.stored(keys.gone)).toEqual([]);
    expect(idle()).toEqual([]);
  });

  it('keeps the life that nobody can read, since what would have replaced it was not written', async () => {
    const { keys } = cluster;
    await put({ ttlSec: 3_600 });
    const lease = cluster.backend.grantLease(3_600);
    cluster.backend.transact({
      compare: [],
      then: [{ kind: 'put', key: keys.clientLife('laptop'), value: '{"schema":99}', lease }],
    });
    await cluster.pass(100);
    await unanswered('requestsToLose', remove);
    cluster.write(keys.keyClaim(input.publicKey), JSON.stringify({ schema: 1, nodeId: 'client/laptop', more: 1 }));
    await next();
    expect(cluster.stored(keys.clientLives)).toMatchObject([{ lease }]);
  });

  it('is told as the end of a term where that ended it, not as a lack of a quorum', async () => {
    await unanswered('requestsToLose', put);
    const asking = put();
    await cluster.pass(1_000);
    cluster.write(cluster.keys.leader);
    cluster.write(cluster.keys.leader, JSON.stringify({ schema: 1, replicaId: 'm2', url: 'http://localhost:1' }));
    await cluster.pass(3_000);
    expect(await asking).toMatchObject({ status: 503, json: { code: 'leader.absent' } });
  });
});
