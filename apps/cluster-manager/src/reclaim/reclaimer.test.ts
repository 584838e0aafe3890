/** Silence: measured by leaders on their own clocks, kept through changes of the leader, and acted upon by no one who hears too little. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

const flags = ['--silence-reading', '10s', '--rest', '30s'];

describe('a node that is silent', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  let living: ReturnType<typeof asNode>[];
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork(flags);
    living = [asNode(), asNode()];
  });
  afterEach(() => cluster.stop());

  /** Time in which the living nodes, n1 and n2, go on renewing by registering. */
  const pass = async (ms: number, at: TestReplica = manager): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      for (const [index, input] of living.entries()) await join(at, `n${index + 1}`, input);
      await cluster.pass(5_000);
    }
  };
  const nodes = async (at = manager): Promise<string[]> => {
    const { items } = (await ask(at, 'GET', '/v1/nodes')).json as unknown as { items: { nodeId: string }[] };
    return items.map(({ nodeId }) => nodeId);
  };
  const silentMs = (): number =>
    Math.max(
      0,
      ...cluster.stored(cluster.keys.subnets).map(({ value }) => (JSON.parse(value) as { silentMs: number }).silentMs),
    );

  it('loses its subnets after the hold-down, with a tombstone, and they rest before they are granted again', async () => {
    await pass(5_000);
    await join(manager, 'n3');
    await pass(100_000);
    expect(await nodes()).toEqual(['n1', 'n2', 'n3']);
    await pass(60_000);
    expect(await nodes()).toEqual(['n1', 'n2']);
    const [tombstone] = cluster.stored(cluster.keys.gone);
    expect(JSON.parse(tombstone?.value ?? '{}')).toMatchObject({ kind: 'node', id: 'n3', why: 'reclaimed' });
    await pass(60_000);
    expect(cluster.stored(cluster.keys.subnets)).toHaveLength(4);
  });

  it('begins its hold-down anew when it was heard for a moment', async () => {
    await pass(5_000);
    await join(manager, 'n3');
    await pass(90_000);
    expect(silentMs()).toBeGreaterThan(50_000);
    await join(manager, 'n3');
    expect(silentMs()).toBe(0);
    await pass(100_000);
    expect(await nodes()).toContain('n3');
  });

  it('keeps everything while more than half of the nodes are silent', async () => {
    for (const nodeId of ['n1', 'n2', 'n3']) await join(manager, nodeId);
    await cluster.pass(400_000);
    expect(await nodes()).toEqual(['n1', 'n2', 'n3']);
    expect(cluster.logged.some(({ event }) => event === 'reclaim.withheld')).toBe(true);
  });

  it('is measured on from the checkpoint by the next leader, which counts nothing that it did not see', async () => {
    await pass(5_000);
    await join(manager, 'n3');
    await pass(60_000);
    const before = silentMs();
    expect(before).toBeGreaterThan(20_000);
    await manager.stop();
    await cluster.pass(300_000);
    expect(silentMs()).toBe(before);
    const next = await cluster.start('m2', flags);
    await pass(10_000, next);
    expect(await nodes(next)).toContain('n3');
    await pass(120_000, next);
    expect(await nodes(next)).toEqual(['n1', 'n2']);
  });

  it('is measured once when the answer to a checkpoint is lost', async () => {
    await pass(5_000);
    await join(manager, 'n3');
    await pass(20_000);
    const [before, beganMs] = [silentMs(), cluster.clock.monotonicMs()];
    // The transaction is repeated, and finds its own earlier success.
    manager.store.faults.answersToLose = 1;
    await cluster.pass(10_500);
    expect(manager.store.faults.answersToLose).toBe(0);
    expect(silentMs() - before).toBeLessThanOrEqual(cluster.clock.monotonicMs() - beganMs);
  });

  it('rests its subnets for the whole time again when it took them back meanwhile', async () => {
    const input = asNode();
    const { subnets } = await join(manager, 'n3', input);
    const grantIds = subnets.map(({ grantId }) => grantId);
    const release = async (): Promise<void> => {
      await ask(manager, 'PUT', '/v1/nodes/n3/drain');
      await ask(manager, 'POST', '/v1/nodes/n3/release', { instance: input.instance, grantIds });
    };
    await release();
    await pass(15_000);
    await ask(manager, 'DELETE', '/v1/nodes/n3/drain');
    expect((await join(manager, 'n3', { ...input, held: subnets })).subnets).toEqual(subnets);
    await release();
    await cluster.pass(8_000);
    expect(silentMs()).toBe(0);
  });

  it('keeps everything when another leader comes while more than half of the nodes are silent', async () => {
    await join(manager, 'n1');
    await cluster.pass(11_000);
    const next = await cluster.start('m2', flags);
    for (const nodeId of ['n2', 'n3']) await join(manager, nodeId);
    await cluster.pass(400_000);
    await manager.stop();
    await cluster.pass(30_000);
    expect(await nodes(next)).toEqual(['n1', 'n2', 'n3']);
  });

  it('that was deleted loses what is reserved for it after the hold-down', async () => {
    await pass(5_000);
    await join(manager, 'n3');
    await ask(manager, 'DELETE', '/v1/nodes/n3?force=true');
    await pass(200_000);
    expect(cluster.stored(cluster.keys.subnets)).toHaveLength(4);
    expect(cluster.stored(`${cluster.keys.gone}subnet/`).length).toBe(2);
  });
});
