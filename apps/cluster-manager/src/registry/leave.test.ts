/** How nodes and subnets leave: each with its tombstone, nothing granted again before it has rested. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

interface Gone {
  kind: 'node' | 'subnet';
  id: string;
  why: string;
  subnets: { cidr: string; grantId: string }[];
}

describe('a node that leaves', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork(['--silence-reading', '10s', '--rest', '30s']);
  });
  afterEach(() => cluster.stop());

  const states = async (): Promise<Record<string, unknown>> => {
    const { items } = (await ask(manager, 'GET', '/v1/subnets')).json as unknown as {
      items: { cidr: string; state: string }[];
    };
    return Object.fromEntries(items.map(({ cidr, state }) => [cidr, state]));
  };
  const tombstones = (): string[] =>
    cluster
      .stored(cluster.keys.gone)
      .map(({ key, value }) => {
        const { kind, id, why, subnets } = JSON.parse(value) as Gone;
        expect(key).toBe(cluster.keys.goneEntry(kind, kind === 'node' ? id : (subnets[0]?.grantId ?? '')));
        return `${kind} ${kind === 'node' ? id : subnets.map(({ cidr }) => cidr).join()} ${why}`;
      })
      // Named by random grant ids, they stand in any order.
      .sort();

  it('drains: nothing new, and its grants rest once it has let go of them', async () => {
    const input = asNode();
    const granted = await join(manager, 'n1', input);
    const grantIds = granted.subnets.map(({ grantId }) => grantId);
    const release = () => ask(manager, 'POST', '/v1/nodes/n1/release', { instance: input.instance, grantIds });
    expect(await release()).toMatchObject({ status: 409, json: { code: 'node.in-use' } });
    expect((await ask(manager, 'PUT', '/v1/nodes/n1/drain')).json).toMatchObject({ state: 'draining' });
    expect((await ask(manager, 'PUT', '/v1/nodes/n1/drain')).status).toBe(200);
    expect((await release()).status).toBe(204);
    expect((await release()).status).toBe(204);
    expect(await states()).toEqual({ '10.64.0.0/24': 'released', 'fd64::/64': 'released' });
    expect(tombstones().toSorted()).toEqual(['subnet 10.64.0.0/24 released', 'subnet fd64::/64 released']);
    expect((await join(manager, 'n1', input)).subnets).toEqual([]);
    expect((await join(manager, 'n2')).subnets.map(({ cidr }) => cidr)).toEqual(['10.64.1.0/24', 'fd64:0:0:1::/64']);
    await cluster.pass(60_000);
    expect(Object.keys(await states())).toEqual(['10.64.1.0/24', 'fd64:0:0:1::/64']);
    expect((await ask(manager, 'DELETE', '/v1/nodes/n1/drain')).status).toBe(200);
    // Longest unused first: those that were never granted come before the one that has just rested.
    expect((await join(manager, 'n1', input)).subnets[0]?.cidr).toBe('10.64.2.0/24');
  });

  it('may let go only as the instance that is registered', async () => {
    const granted = await join(manager, 'n1');
    const grantIds = granted.subnets.map(({ grantId }) => grantId);
    expect(await ask(manager, 'POST', '/v1/nodes/n1/release', { instance: 'e'.repeat(32), grantIds })).toMatchObject({
      status: 409,
      json: { code: 'node.registered' },
    });
  });

  it('is deleted while it lives only with force, and its subnets stay reserved until it has let go', async () => {
    const input = asNode();
    const granted = await join(manager, 'n1', input);
    expect(await ask(manager, 'DELETE', '/v1/nodes/n1')).toMatchObject({
      status: 409,
      json: { code: 'node.registered', field: 'nodeId' },
    });
    expect((await ask(manager, 'DELETE', '/v1/nodes/n1?force=true')).status).toBe(204);
    expect((await ask(manager, 'DELETE', '/v1/nodes/n1?force=true')).status).toBe(204);
    expect(tombstones()).toEqual(['node n1 deleted']);
    expect((await ask(manager, 'GET', '/v1/nodes/n1')).json).toMatchObject({ state: 'deleted' });
    expect(await states()).toEqual({ '10.64.0.0/24': 'reserved', 'fd64::/64': 'reserved' });
    expect(await ask(manager, 'PUT', '/v1/nodes/n1', input)).toMatchObject({ json: { code: 'node.deleted' } });
    const release = { instance: input.instance, grantIds: granted.subnets.map(({ grantId }) => grantId) };
    expect((await ask(manager, 'POST', '/v1/nodes/n1/release', release)).status).toBe(204);
    expect(await states()).toEqual({ '10.64.0.0/24': 'released', 'fd64::/64': 'released' });
  });

  it('that was deleted joins again by taking over, with what was reserved for it', async () => {
    const granted = await join(manager, 'n1');
    await ask(manager, 'DELETE', '/v1/nodes/n1?force=true');
    const back = await join(manager, 'n1', asNode({ takeOver: true }));
    expect(back.subnets).toEqual(granted.subnets);
    expect(tombstones()).toEqual([]);
  });

  it('is forgotten when it is silent, not while it lives', async () => {
    await join(manager, 'n1');
    expect(await ask(manager, 'POST', '/v1/nodes/n1/forget')).toMatchObject({ json: { code: 'node.registered' } });
    await cluster.pass(11_000);
    expect((await ask(manager, 'POST', '/v1/nodes/n1/forget')).status).toBe(204);
    expect((await ask(manager, 'POST', '/v1/nodes/n1/forget')).status).toBe(204);
    expect(tombstones()).toEqual(['node n1 forgotten']);
    expect(await states()).toEqual({ '10.64.0.0/24': 'released', 'fd64::/64': 'released' });
  });

  const admission = (): unknown =>
    cluster.stored(cluster.keys.admission('n1')).map(({ value }) => (JSON.parse(value) as { state: string }).state);

  it('that was forgotten, or deleted and let in again, is denied by a delete', async () => {
    await join(manager, 'n1');
    await cluster.pass(11_000);
    await ask(manager, 'POST', '/v1/nodes/n1/forget');
    expect(admission()).toEqual([]);
    expect((await ask(manager, 'DELETE', '/v1/nodes/n1')).status).toBe(204);
    expect(admission()).toEqual(['deleted']);
    expect((await ask(manager, 'POST', '/v1/nodes/n1/admit')).status).toBe(204);
    expect(admission()).toEqual([]);
    expect((await ask(manager, 'DELETE', '/v1/nodes/n1')).status).toBe(204);
    expect(admission()).toEqual(['deleted']);
  });

  it('that was deleted can be forgotten before its hold-down is over', async () => {
    await join(manager, 'n1');
    await ask(manager, 'DELETE', '/v1/nodes/n1?force=true');
    expect((await ask(manager, 'POST', '/v1/nodes/n1/forget')).status).toBe(204);
    expect(await states()).toEqual({ '10.64.0.0/24': 'released', 'fd64::/64': 'released' });
    expect(tombstones()).toContain('subnet 10.64.0.0/24 forgotten');
  });

  it.each(['/drain', '/forget', '', '/release'])('is unknown to %s when it never was', async (path) => {
    const payload = path === '/release' ? { instance: 'a'.repeat(32), grantIds: ['b'.repeat(32)] } : undefined;
    const method = path === '' ? 'DELETE' : path === '/drain' ? 'PUT' : 'POST';
    const answer = await ask(manager, method, `/v1/nodes/nobody${path}`, payload);
    // Grants that nobody has are let go of already.
    expect(answer).toMatchObject(
      path === '/release' ? { status: 204 } : { status: 404, json: { code: 'node.unknown' } },
    );
  });

  it('leaves no lease behind when it comes back, and keeps the one of a tombstone whose answer was lost', async () => {
    const idle = (): number =>
      cluster.backend.leases().filter(({ ttlSec, keys }) => ttlSec > 3_600 && keys.length === 0).length;
    await join(manager, 'n1');
    await cluster.pass(11_000);
    manager.store.faults.answersToLose = 1;
    const forgetting = ask(manager, 'POST', '/v1/nodes/n1/forget');
    await cluster.pass(2_000);
    expect((await forgetting).status).toBe(204);
    expect(tombstones()).toEqual(['node n1 forgotten']);
    await join(manager, 'n1');
    await cluster.pass(500);
    expect([tombstones(), idle()]).toEqual([['subnet 10.64.0.0/24 forgotten', 'subnet fd64::/64 forgotten'], 0]);
  });
});
