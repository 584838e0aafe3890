/** A write goes to the leader, once: who was taken for the leader and is not says so, and passes nothing on. */
import { forwardedHeader } from '@wgcni/api/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asNode, TestCluster, type TestReplica } from '../testing/cluster.ts';

let cluster: TestCluster;
let follower: TestReplica;
beforeEach(async () => {
  cluster = new TestCluster();
  await cluster.startWithNetwork();
  follower = await cluster.start('m2');
});
afterEach(() => cluster.stop());

it('a forwarded request at a replica that does not lead is refused, not forwarded again', async () => {
  const passed: string[] = [];
  const { forwarder } = follower.replica;
  const pass = forwarder.pass.bind(forwarder);
  forwarder.pass = (passing) => {
    passed.push(passing.url);
    return pass(passing);
  };
  const answer = await follower.app.inject({
    method: 'PUT',
    url: '/v1/nodes/n1',
    payload: asNode(),
    headers: { [forwardedHeader]: 'm3' },
  });
  expect(answer.json()).toMatchObject({ code: 'leader.forwarded', retryable: true });
  expect([answer.statusCode, passed]).toEqual([503, []]);
});
