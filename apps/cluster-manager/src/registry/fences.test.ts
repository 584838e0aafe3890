/** What happens in the store between a plan and its commit: the transaction's compares notice, and nothing of anybody is overwritten. */
import type { NodeRecord, SubnetRecord, WatchEvent } from '@wgcni/store';
import { settled } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, beforeCommitOf, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

let cluster: TestCluster;
let manager: TestReplica;
beforeEach(async () => {
  cluster = new TestCluster();
  manager = await cluster.startWithNetwork(['--silence-reading', '10s', '--rest', '30s']);
});
afterEach(() => cluster.stop());

const valueOf = (key: string): string => cluster.backend.get(key)?.value ?? '';
const nodeRecord = (nodeId: string): NodeRecord => JSON.parse(valueOf(cluster.keys.node(nodeId))) as NodeRecord;
const subnetKey = (): string => cluster.keys.subnet('10.64.0.0/20', '10.64.0.0/24');

describe('a leader that is deposed between plan and commit', () => {
  it('writes nothing', async () => {
    const { leader, node, root } = cluster.keys;
    const before = cluster.stored(root).length;
    beforeCommitOf(node('n1'), manager, () => {
      cluster.write(leader);
      cluster.write(leader, JSON.stringify({ schema: 1, replicaId: 'm2', url: 'http://localhost:1' }));
    });
    const asking = ask(manager, 'PUT', '/v1/nodes/n1', asNode());
    await cluster.pass(10_000);
    expect((await asking).status).toBe(503);
    expect(cluster.stored(root)).toHaveLength(before);
  });
});

describe('a registration', () => {
  it('keeps what was written to the record of the node meanwhile', async () => {
    const input = asNode();
    await join(manager, 'n1', input);
    beforeCommitOf(cluster.keys.node('n1'), manager, () =>
      cluster.write(cluster.keys.node('n1'), JSON.stringify({ ...nodeRecord('n1'), draining: true })),
    );
    await join(manager, 'n1', { ...input, endpoints: ['192.0.2.99:51820'] });
    expect(nodeRecord('n1')).toMatchObject({ draining: true, endpoints: ['192.0.2.99:51820'] });
  });

  const theirs = {
    ...{ schema: 1, cidr: '10.64.0.0/24', nodeId: 'n9', grantId: 'f'.repeat(32), state: 'held', silentMs: 0 },
  };

  it('leaves a subnet to whom it was granted while its lease was asked for', async () => {
    const { store } = manager;
    const grantLease = store.grantLease.bind(store);
    store.grantLease = async (...asked) => {
      cluster.write(subnetKey(), JSON.stringify(theirs));
      store.grantLease = grantLease;
      await settled();
      return grantLease(...asked);
    };
    const { subnets } = await join(manager, 'n1');
    expect(JSON.parse(valueOf(subnetKey()))).toEqual(theirs);
    expect(subnets.map(({ cidr }) => cidr)).toEqual(['10.64.1.0/24', 'fd64::/64']);
  });

  it('leaves a subnet to whom it was granted meanwhile', async () => {
    beforeCommitOf(subnetKey(), manager, () => cluster.write(subnetKey(), JSON.stringify(theirs)));
    const { subnets } = await join(manager, 'n1');
    expect(JSON.parse(valueOf(subnetKey()))).toEqual(theirs);
    expect(subnets.map(({ cidr }) => cidr)).toEqual(['10.64.1.0/24', 'fd64::/64']);
  });

  it('is in the store with all its families and its record at one revision, at every revision', async () => {
    const input = asNode();
    await join(manager, 'n1', input);
    await ask(manager, 'DELETE', '/v1/nodes/n1?force=true');
    await Promise.all([join(manager, 'n1', { ...input, takeOver: true }), join(manager, 'n2'), join(manager, 'n3')]);
    const granted = new Map<string, string>();
    const held = new Map<string, string>();
    for (const { events, revision } of cluster.backend.since(1)) {
      for (const event of events) follow(event, { granted, held });
      expect([...held.values()].sort(), `revision ${revision}`).toEqual([...granted.values()].flatMap(textsOf).sort());
    }
    expect(held.size).toBe(6);
  });
});

describe('a node that registers while it is taken out', () => {
  const register = (value: string): void => cluster.write(cluster.keys.registration('n3'), value);

  it('is not forgotten', async () => {
    await join(manager, 'n3');
    const registration = valueOf(cluster.keys.registration('n3'));
    await cluster.pass(11_000);
    beforeCommitOf(cluster.keys.node('n3'), manager, () => register(registration));
    expect(await ask(manager, 'POST', '/v1/nodes/n3/forget')).toMatchObject({ json: { code: 'node.registered' } });
    expect(nodeRecord('n3').subnets).toHaveLength(2);
  });

  it('is not reclaimed', async () => {
    const living = [asNode(), asNode()];
    await join(manager, 'n3');
    const registration = valueOf(cluster.keys.registration('n3'));
    let isTried = false;
    beforeCommitOf(cluster.keys.node('n3'), manager, () => {
      isTried = true;
      register(registration);
    });
    for (let passed = 0; passed < 180_000; passed += 5_000) {
      for (const [index, input] of living.entries()) await join(manager, `n${index + 1}`, input);
      await cluster.pass(5_000);
    }
    expect(isTried).toBe(true);
    expect(cluster.stored(cluster.keys.nodes).map(({ key }) => key)).toContain(cluster.keys.node('n3'));
  });

  it('keeps what is reserved for it', async () => {
    await join(manager, 'n3');
    const registration = valueOf(cluster.keys.registration('n3'));
    await ask(manager, 'DELETE', '/v1/nodes/n3?force=true');
    beforeCommitOf(subnetKey(), manager, () => register(registration));
    await ask(manager, 'POST', '/v1/nodes/n3/forget');
    expect(JSON.parse(valueOf(subnetKey()))).toMatchObject({ state: 'reserved' });
  });
});

describe('a renewal', () => {
  it('is refused when the registration goes between its first look and the keep-alive, which etcd acknowledges all the same', async () => {
    const input = asNode();
    const { subnets } = await join(manager, 'n1', input);
    const keepAlive = manager.store.keepAlive.bind(manager.store);
    manager.store.keepAlive = (lease) => {
      cluster.write(cluster.keys.registration('n1'));
      return keepAlive(lease);
    };
    const renewal = {
      instance: input.instance,
      attachments: 0,
      meshRevision: 1,
      grantIds: subnets.map(({ grantId }) => grantId),
    };
    expect(await ask(manager, 'POST', '/v1/nodes/n1/renewal', renewal)).toMatchObject({
      status: 410,
      json: { code: 'registration.gone' },
    });
  });
});

/** Keeps, by key, what records of nodes say of grants, and what is held. */
function follow(
  event: WatchEvent,
  { granted, held }: { granted: Map<string, string>; held: Map<string, string> },
): void {
  const [key, value] = event.kind === 'put' ? [event.item.key, event.item.value] : [event.key, undefined];
  if (key.startsWith(cluster.keys.nodes)) {
    if (value === undefined) granted.delete(key);
    else granted.set(key, value);
  }
  if (!key.startsWith(cluster.keys.subnets)) return;
  const subnet = value === undefined ? undefined : (JSON.parse(value) as SubnetRecord);
  if (subnet?.state === 'held') held.set(key, `${subnet.nodeId} ${subnet.cidr} ${subnet.grantId}`);
  else held.delete(key);
}

function textsOf(node: string): string[] {
  const { nodeId, subnets } = JSON.parse(node) as NodeRecord;
  return subnets.map(({ cidr, grantId }) => `${nodeId} ${cidr} ${grantId}`);
}
