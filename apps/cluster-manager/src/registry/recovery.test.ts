/** A store that lost history: for three registration TTLs only what nodes claim is granted, whoever leads. */
import type { Registration } from '@wgcni/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, beforeCommitOf, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

describe('a store that was set back', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork();
  });
  afterEach(() => cluster.stop());

  const isRecovering = async (at: TestReplica): Promise<unknown> =>
    (await ask(at, 'GET', '/v1/leader')).json['recovering'];

  it('is noticed by a replica that follows it: claims come back, a new node waits', async () => {
    const restore = cluster.backend.snapshot();
    const lost = asNode();
    const granted = await join(manager, 'n1', lost);
    restore();
    await cluster.pass(5_000);
    expect(await isRecovering(manager)).toBe(true);
    expect(await ask(manager, 'PUT', '/v1/nodes/n2', asNode())).toMatchObject({
      status: 503,
      json: { code: 'cluster.recovering' },
    });
    expect((await join(manager, 'n1', { ...lost, held: granted.subnets })).subnets).toEqual(granted.subnets);
    await cluster.pass(31_000);
    expect(await isRecovering(manager)).toBe(false);
    expect((await join(manager, 'n2')).subnets[0]?.cidr).toBe('10.64.1.0/24');
  });

  it('is noticed by a claim that it does not know, and once only for the same claim', async () => {
    const held = [{ cidr: '10.64.0.0/24', grantId: 'a'.repeat(32) }];
    await join(manager, 'n1', asNode({ held }));
    expect(await isRecovering(manager)).toBe(true);
    expect((await ask(manager, 'PUT', '/v1/nodes/n2', asNode())).json.code).toBe('cluster.recovering');
    await cluster.pass(31_000);
    await join(manager, 'n2', asNode({ held }));
    expect(await isRecovering(manager)).toBe(false);
  });

  it('is noticed by a node that has seen a later revision', async () => {
    expect((await ask(manager, 'PUT', '/v1/nodes/n1', asNode({ meshRevision: 1_000_000 }))).json.code).toBe(
      'cluster.recovering',
    );
    await cluster.pass(31_000);
    expect((await join(manager, 'n2')).subnets).toHaveLength(2);
  });

  it('is remembered by the next leader, for no longer than the recovery lasts', async () => {
    await join(manager, 'n1', asNode({ held: [{ cidr: '10.64.0.0/24', grantId: 'a'.repeat(32) }] }));
    await manager.stop();
    const next = await cluster.start('m2');
    expect(await isRecovering(next)).toBe(true);
    expect((await ask(next, 'PUT', '/v1/nodes/n2', asNode())).json.code).toBe('cluster.recovering');
    await cluster.pass(31_000);
    expect(await isRecovering(next)).toBe(false);
    expect((await join(next, 'n2')).subnets).toHaveLength(2);
  });

  it('is marked before anything is given by it, also when it is noticed in the midst of a registration', async () => {
    const { keys, backend } = cluster;
    const input = asNode();
    await join(manager, 'n1', input);
    beforeCommitOf(keys.registration('n1'), manager, () => {
      manager.replica.recovery.begin('the store is back');
      cluster.write(keys.network, backend.get(keys.network)?.value);
    });
    await join(manager, 'n1', { ...input, held: [] });
    const [mark, registration] = [backend.get(keys.recovering), backend.get(keys.registration('n1'))];
    expect(mark?.createRevision).toBeLessThan(registration?.modRevision ?? 0);
  });

  it('is not suspected when a node claims what a tombstone names', async () => {
    const input = asNode();
    const granted = await join(manager, 'n1', input);
    await cluster.pass(11_000);
    await ask(manager, 'POST', '/v1/nodes/n1/forget');
    const back = await join(manager, 'n1', { ...input, held: granted.subnets });
    expect(back.subnets).toEqual(granted.subnets);
    expect(await isRecovering(manager)).toBe(false);
  });

  it('is not suspected when a node claims what has ended, though another has had the subnet since', async () => {
    const one = new TestCluster();
    const pools = [{ cidr: '10.64.0.0/24', prefixLength: 25 }];
    const leader = await one.startWithNetwork(['--silence-reading', '1s', '--rest', '1s'], { pools });
    // Of two subnets one is taken: the others have the other one in turn.
    await join(leader, 'n0');
    const letGo = async (nodeId: string, input: ReturnType<typeof asNode>): Promise<Registration['subnets']> => {
      const { subnets } = await join(leader, nodeId, input);
      await ask(leader, 'PUT', `/v1/nodes/${nodeId}/drain`);
      const release = { instance: input.instance, grantIds: subnets.map(({ grantId }) => grantId) };
      expect((await ask(leader, 'POST', `/v1/nodes/${nodeId}/release`, release)).status).toBe(204);
      await one.pass(5_000);
      return subnets;
    };
    const input = asNode();
    const first = await letGo('n1', input);
    expect((await letGo('n2', asNode())).map(({ cidr }) => cidr)).toEqual(first.map(({ cidr }) => cidr));
    // It did not hear the answer to its release.
    await ask(leader, 'PUT', '/v1/nodes/n1', { ...input, held: first });
    expect(await isRecovering(leader)).toBe(false);
    const reasons = one.stored(one.keys.gone).map(({ value }) => (JSON.parse(value) as { nodeId: string }).nodeId);
    expect(reasons.toSorted()).toEqual(['n1', 'n2']);
    await one.stop();
  });

  it('is not suspected when a node has seen what this replica has not: another cluster writes to the same store', async () => {
    const write = { kind: 'put' as const, key: '/elsewhere', value: '1' };
    for (let count = 0; count < 10; count += 1) cluster.backend.transact({ compare: [], then: [write] });
    await join(manager, 'n1', asNode({ meshRevision: cluster.backend.revision }));
    expect(await isRecovering(manager)).toBe(false);
  });

  it('is suspected once for a revision, and not again while the store has still not come so far', async () => {
    const input = asNode({ meshRevision: 1_000_000 });
    await ask(manager, 'PUT', '/v1/nodes/n1', input);
    await cluster.pass(31_000);
    expect((await join(manager, 'n1', input)).subnets).toHaveLength(2);
  });

  describe("to when a subnet that is another node's now was", () => {
    const pools = [{ cidr: '10.64.0.0/24', prefixLength: 25 }];
    const first = asNode();
    let one: TestCluster;
    let leader: TestReplica;
    beforeEach(async () => {
      one = new TestCluster();
      leader = await one.startWithNetwork(['--silence-reading', '1s', '--rest', '3s'], { pools });
      // Of two subnets one is taken for good: the other goes round.
      await join(leader, 'n0', first);
    });
    afterEach(() => one.stop());

    const letGo = async (nodeId: string, input: ReturnType<typeof asNode>): Promise<Registration['subnets']> => {
      const { subnets } = await join(leader, nodeId, input);
      await ask(leader, 'PUT', `/v1/nodes/${nodeId}/drain`);
      const release = { instance: input.instance, grantIds: subnets.map(({ grantId }) => grantId) };
      expect((await ask(leader, 'POST', `/v1/nodes/${nodeId}/release`, release)).status).toBe(204);
      return subnets;
    };

    it('at rest, gives it back to who holds it', async () => {
      await letGo('n1', asNode());
      const restore = one.backend.snapshot();
      await one.pass(10_000);
      const input = asNode();
      const { subnets } = await join(leader, 'n2', input);
      restore();
      await one.pass(1_000);
      expect(one.stored(one.keys.subnets).map(({ value }) => (JSON.parse(value) as { state: string }).state)).toContain(
        'released',
      );
      expect((await join(leader, 'n2', { ...input, held: subnets })).subnets).toEqual(subnets);
    });

    it('held by another, keeps it there, and tells every node that the claim is lost', async () => {
      const input = asNode();
      await join(leader, 'n1', input);
      const restore = one.backend.snapshot();
      await letGo('n1', input);
      await one.pass(10_000);
      const claimant = asNode();
      const { subnets } = await join(leader, 'n2', claimant);
      restore();
      await one.pass(1_000);
      // It hears that it has nothing left, and only then that it has to wait for something else.
      expect((await join(leader, 'n2', { ...claimant, held: subnets })).subnets).toEqual([]);
      expect((await ask(leader, 'PUT', '/v1/nodes/n2', claimant)).json.code).toBe('cluster.recovering');
      const ends = one.stored(one.keys.gone).map(({ value }) => JSON.parse(value) as Record<string, unknown>);
      const lost = {
        kind: 'subnet',
        id: subnets[0]?.grantId,
        why: 'reclaimed',
        publicKey: claimant.publicKey,
        subnets,
      };
      expect(ends.filter(({ nodeId }) => nodeId === 'n2')).toMatchObject([lost]);
      // Nodes that saw the store go back doubt the holder's record until it is written again.
      const written = (): number | undefined => one.backend.get(one.keys.node('n1'))?.modRevision;
      const doubted = written();
      await join(leader, 'n1', { ...input, held: [] });
      expect(written()).toBeGreaterThan(doubted ?? 0);
    });
  });

  it('leaves no tombstone of a grant that stands, and few of one registration', async () => {
    const holders = Array.from({ length: 12 }, (_, index) => `n${index}`);
    const grants: Registration['subnets'] = [];
    for (const nodeId of holders) grants.push(...(await join(manager, nodeId)).subnets);
    const claimant = asNode({ held: grants });
    await ask(manager, 'PUT', '/v1/nodes/thief', claimant);
    expect(cluster.stored(cluster.keys.gone)).toEqual([]);
    const held = grants.map(({ cidr }, index) => ({ cidr, grantId: `${index}`.padStart(32, 'a') }));
    await ask(manager, 'PUT', '/v1/nodes/thief', { ...claimant, held });
    expect(cluster.stored(cluster.keys.gone)).toHaveLength(8);
  });

  it('is not suspected by the old grants of a node that came back without them', async () => {
    const input = asNode();
    const granted = await join(manager, 'n1', input);
    await cluster.pass(11_000);
    await ask(manager, 'POST', '/v1/nodes/n1/forget');
    await join(manager, 'n1');
    // The rest of the old subnets is over, and the new instance has gone.
    for (const { item } of manager.replica.state.subnets.all().filter(({ record }) => record.state === 'released'))
      cluster.backend.transact({ compare: [], then: [{ kind: 'delete', key: item.key }] });
    await cluster.pass(11_000);
    await join(manager, 'n1', { ...input, held: granted.subnets });
    expect(await isRecovering(manager)).toBe(false);
  });
});
