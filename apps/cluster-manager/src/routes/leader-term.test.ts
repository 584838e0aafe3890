/** Who believes that it leads says so itself, and nobody else does. */
import { afterEach, expect, it } from 'vitest';
import { ask, TestCluster, type TestReplica } from '../testing/cluster.ts';

const cluster = new TestCluster();
afterEach(() => cluster.stop());

const seen = async (replica: TestReplica): Promise<{ leader: string | undefined; term: unknown }> => {
  const { json } = await ask(replica, 'GET', '/v1/leader');
  return { leader: (json['leader'] as { replicaId: string } | null)?.replicaId, term: json['term'] };
};

it('a leader tells its term until it stops believing, a follower none, though both name the holder of the key', async () => {
  const [one, two] = [await cluster.startWithNetwork(), await cluster.start('m2')];
  expect(await seen(one)).toEqual({ leader: 'm1', term: expect.any(Number) as number });
  expect(await seen(two)).toEqual({ leader: 'm1', term: null });
  one.store.faults.isPartitioned = true;
  await cluster.pass(4_000);
  expect(await seen(one)).toEqual({ leader: 'm1', term: null });
  await cluster.pass(4_000);
  expect(await seen(two)).toEqual({ leader: 'm2', term: expect.any(Number) as number });
});
