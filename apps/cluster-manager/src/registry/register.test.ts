/** Registering over REST: what a node is granted, what it is refused, and that a lost answer costs nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

describe('a node that registers', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork();
  });
  afterEach(() => cluster.stop());

  const subnetsOf = (answer: { subnets: { cidr: string }[] }): string[] => answer.subnets.map(({ cidr }) => cidr);

  it('is granted a subnet of each family, and the same again as often as it asks', async () => {
    const input = asNode();
    const first = await join(manager, 'n1', input);
    expect(subnetsOf(first)).toEqual(['10.64.0.0/24', 'fd64::/64']);
    expect(first).toMatchObject({ nodeId: 'n1', ttlSec: 10, draining: false, network: { mtu: 1_420 } });
    const { revision } = cluster.backend;
    const again = await join(manager, 'n1', { ...input, held: first.subnets });
    expect(again.subnets).toEqual(first.subnets);
    expect(cluster.stored(cluster.keys.nodes)).toHaveLength(1);
    // Only its registration was written: nobody who watches the mesh is woken.
    expect(cluster.stored(cluster.keys.mesh).every(({ modRevision }) => modRevision <= revision)).toBe(true);
  });

  it('is granted what no other has', async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, (_, index) => join(manager, `n${index}`)));
    expect(new Set(answers.flatMap(subnetsOf)).size).toBe(32);
    expect(cluster.stored(cluster.keys.subnets)).toHaveLength(32);
    const refused = await ask(manager, 'PUT', '/v1/nodes/n16', asNode());
    expect(refused).toMatchObject({ status: 409, json: { code: 'pool.exhausted', field: 'pools' } });
    expect(cluster.stored(cluster.keys.nodes)).toHaveLength(16);
  });

  it('costs the same however many there are: no list of nodes, subnets or registrations is made for it', async () => {
    await join(manager, 'n1', asNode({ offers: ['172.20.0.0/24'] }));
    await ask(manager, 'PUT', '/v1/nodes/n1/routes/172.20.0.0-24');
    const { nodes, subnets, registrations } = manager.replica.state;
    let lists = 0;
    const count = <T>(table: { all: () => T[] }): void => {
      const all = table.all.bind(table);
      table.all = () => {
        lists += 1;
        return all();
      };
    };
    count(nodes);
    count(subnets);
    count(registrations);
    await join(manager, 'n2', asNode({ endpoints: ['192.0.2.11:51820', '192.0.2.12:51820', '[2001:db8::1]:51820'] }));
    expect(lists).toBe(0);
    await ask(manager, 'GET', '/v1/nodes');
    expect(lists).toBeGreaterThan(0);
  });

  it('gets what it claims when nobody has it, and is told what another has', async () => {
    const one = await join(manager, 'n1');
    const claims = [
      { cidr: '10.64.7.0/24', grantId: 'a'.repeat(32) },
      { cidr: 'fd64:0:0:7::/64', grantId: 'b'.repeat(32) },
    ];
    const two = await join(manager, 'n2', asNode({ held: [...claims, ...one.subnets.slice(0, 1)] }));
    expect(two.subnets).toEqual(claims);
    expect(cluster.logged.find(({ event }) => event === 'node.lost-grants')?.fields).toMatchObject({
      nodeId: 'n2',
      lost: [{ cidr: '10.64.0.0/24', holder: 'n1' }],
    });
  });

  it.each(['answersToLose', 'requestsToLose'] as const)('is granted no more and no less by %s', async (fault) => {
    manager.store.faults[fault] = 2;
    const asking = join(manager, 'n1');
    await cluster.pass(3_000);
    expect(subnetsOf(await asking)).toEqual(['10.64.0.0/24', 'fd64::/64']);
    expect(cluster.stored(cluster.keys.subnets)).toHaveLength(2);
    expect(subnetsOf(await join(manager, 'n2'))).toEqual(['10.64.1.0/24', 'fd64:0:0:1::/64']);
  });

  it('is told that the outcome is unknown when the store stays away, and finds its grants afterwards', async () => {
    const input = asNode();
    manager.store.faults.answersToLose = 1_000;
    const asking = ask(manager, 'PUT', '/v1/nodes/n1', input);
    await cluster.pass(12_000);
    expect(await asking).toMatchObject({ status: 504, json: { code: 'outcome.unknown' } });
    manager.store.faults.answersToLose = 0;
    await cluster.pass(8_000);
    expect(subnetsOf(await join(manager, 'n1', input))).toEqual(['10.64.0.0/24', 'fd64::/64']);
    expect(cluster.stored(cluster.keys.subnets)).toHaveLength(2);
  });

  it('lets go of its old key when it comes with a new one', async () => {
    const input = asNode();
    await join(manager, 'n1', input);
    await join(manager, 'n1', { ...input, publicKey: asNode().publicKey });
    expect(cluster.stored(cluster.keys.keyClaims)).toHaveLength(1);
    await join(manager, 'n2', asNode({ publicKey: input.publicKey }));
  });

  const refusals: [string, Parameters<typeof asNode>[0], number, string, string][] = [
    ['an endpoint inside a pool', { endpoints: ['10.64.3.3:51820'] }, 400, 'request.invalid', 'endpoints'],
    ['an endpoint without a port', { endpoints: ['192.0.2.1:0'] }, 400, 'request.invalid', 'endpoints'],
    ['an underlay that is too small', { underlayMtu: 1_499 }, 409, 'mtu.too-large', 'underlayMtu'],
    ['another network', { networkId: 'f'.repeat(32) }, 409, 'network.mismatch', 'networkId'],
    [
      'a claim that is of no pool',
      { held: [{ cidr: '10.99.0.0/24', grantId: 'a'.repeat(32) }] },
      409,
      'network.mismatch',
      'held',
    ],
    [
      'a claim that is no subnet',
      { held: [{ cidr: '10.64.0.1/24', grantId: 'a'.repeat(32) }] },
      400,
      'request.invalid',
      'held',
    ],
  ];
  it.each(refusals)('is refused for %s', async (...[, change, status, code, field]) => {
    const before = cluster.stored(cluster.keys.root).length;
    const refused = await ask(manager, 'PUT', '/v1/nodes/n1', asNode(change));
    expect(refused).toMatchObject({ status, json: { code } });
    expect(refused.json.field).toContain(field);
    expect(refused.json.remedy).toMatch(/\w{4}/);
    expect(cluster.stored(cluster.keys.root)).toHaveLength(before);
  });

  it('keeps its subnets and goes on when its underlay becomes too small, and that is logged', async () => {
    const input = asNode();
    const granted = await join(manager, 'n1', input);
    const again = await join(manager, 'n1', { ...input, underlayMtu: 1_400, held: granted.subnets });
    expect(again.subnets).toEqual(granted.subnets);
    expect(cluster.logged.find(({ event }) => event === 'node.underlay-too-small')?.fields).toEqual({
      ...{ nodeId: 'n1', underlayMtu: 1_400, mtu: 1_420 },
    });
  });

  it('is refused for a key that another claims', async () => {
    const { publicKey } = asNode();
    await join(manager, 'n1', asNode({ publicKey }));
    expect(await ask(manager, 'PUT', '/v1/nodes/n2', asNode({ publicKey }))).toMatchObject({
      status: 409,
      json: { code: 'key.claimed', field: 'publicKey' },
    });
  });

  it('is refused while another instance lives, unless it takes over', async () => {
    const first = asNode();
    const granted = await join(manager, 'n1', first);
    const second = asNode();
    expect(await ask(manager, 'PUT', '/v1/nodes/n1', second)).toMatchObject({
      status: 409,
      json: { code: 'node.registered' },
    });
    const taken = await join(manager, 'n1', { ...second, takeOver: true });
    expect(taken.subnets).toEqual(granted.subnets);
    const renewal = {
      instance: first.instance,
      attachments: 0,
      meshRevision: 1,
      grantIds: granted.subnets.map(({ grantId }) => grantId),
    };
    expect(await ask(manager, 'POST', '/v1/nodes/n1/renewal', renewal)).toMatchObject({
      status: 409,
      json: { code: 'node.registered' },
    });
  });

  it('may register again by another instance once its registration has lapsed', async () => {
    const granted = await join(manager, 'n1');
    await cluster.pass(11_000);
    expect((await ask(manager, 'GET', '/v1/nodes/n1')).json).toMatchObject({ state: 'silent' });
    expect((await join(manager, 'n1')).subnets).toEqual(granted.subnets);
  });

  it('renews for as long as its records stand, and is told to register again when they do not', async () => {
    const input = asNode();
    const granted = await join(manager, 'n1', input);
    const renewal = {
      instance: input.instance,
      attachments: 0,
      meshRevision: 1,
      grantIds: granted.subnets.map(({ grantId }) => grantId),
    };
    const renew = () => ask(manager, 'POST', '/v1/nodes/n1/renewal', renewal);
    for (let round = 0; round < 4; round += 1) {
      await cluster.pass(6_000);
      expect((await renew()).json).toMatchObject({ ttlSec: 10, draining: false });
    }
    expect(
      await ask(manager, 'POST', '/v1/nodes/n1/renewal', { ...renewal, grantIds: renewal.grantIds.slice(1) }),
    ).toMatchObject({ status: 410, json: { code: 'registration.gone' } });
    // etcd keeps a lease alive whose key is gone; the renewal must not.
    await manager.store.transact({
      compare: [],
      then: [{ kind: 'delete', key: cluster.keys.registration('n1') }],
    });
    expect((await renew()).json.code).toBe('registration.gone');
    await join(manager, 'n1', { ...input, held: granted.subnets });
    await cluster.pass(11_000);
    expect((await renew()).json.code).toBe('registration.gone');
  });
});
