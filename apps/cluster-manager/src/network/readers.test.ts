/** Nodes of a version from before the options: nothing is chosen that they would ignore, and they do not come to a network where it is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, asNode, join, TestCluster, type TestReplica } from '../testing/cluster.ts';

let cluster: TestCluster;
let manager: TestReplica;
beforeEach(async () => {
  cluster = new TestCluster();
  manager = await cluster.startWithNetwork();
});
afterEach(() => cluster.stop());

const old = () => asNode({ readableSchema: 1, version: '0.9.0' });
const set = (patch: object) => ask(manager, 'PATCH', '/v1/network', patch);

describe('while a node is registered that does not read options', () => {
  const rule = { from: ['clients'], to: ['any'] };
  it('none is chosen, and the refusal names node, version and option; the defaults and the MTU may be said', async () => {
    await join(manager, 'n1');
    await join(manager, 'n2', old());
    const before = cluster.stored(cluster.keys.network);
    for (const patch of [
      { isolation: 'isolated' },
      { link: 'veth' },
      { direct: 'node' },
      { clientPools: ['10.200.0.0/16'] },
      { masquerade: { mode: 'off' } },
      { masquerade: { except: ['192.168.0.0/16'] } },
      { rules: [{ name: 'web', ...rule, protocol: 'any', ports: [] }] },
    ]) {
      const [field] = Object.keys(patch);
      const refused = await set(patch);
      expect(refused).toMatchObject({ status: 409, json: { code: 'node.too-old', field } });
      expect(refused.json['detail']).toMatch(new RegExp(`n2 .*version 0.9.0.* ${field}`));
      expect(refused.json.remedy).toMatch(/upgrade .* n2/);
    }
    expect((await ask(manager, 'PUT', '/v1/rules/web', rule)).json.code).toBe('node.too-old');
    expect(cluster.stored(cluster.keys.network)).toEqual(before);
    expect((await set({ isolation: 'open', rules: [], mtu: 1_380 })).status).toBe(200);
  });

  it('and likewise while nobody can read what a registration says', async () => {
    await join(manager, 'n2');
    cluster.write(cluster.keys.registration('n2'), '{"schema":99}');
    await cluster.pass(100);
    const refused = await set({ isolation: 'isolated' });
    expect(refused).toMatchObject({ status: 409, json: { code: 'node.too-old', field: 'isolation' } });
    expect(refused.json['detail']).toMatch(/registration of n2 cannot be read/);
    expect((await set({ mtu: 1_380 })).status).toBe(200);
  });

  it('but what is chosen already is changed and taken away, though nobody can read what a registration says', async () => {
    await join(manager, 'n2');
    const ssh = { ...rule, to: ['nodes'] };
    for (const name of ['web', 'ssh']) expect((await ask(manager, 'PUT', `/v1/rules/${name}`, ssh)).status).toBe(200);
    cluster.write(cluster.keys.registration('n2'), '{"schema":99}');
    await cluster.pass(100);
    expect((await ask(manager, 'DELETE', '/v1/rules/ssh')).status).toBe(204);
    expect((await ask(manager, 'PUT', '/v1/rules/web', { ...rule, to: ['containers'] })).status).toBe(200);
    expect((await set({ isolation: 'isolated' })).status).toBe(200);
    expect((await set({ rules: [] })).status).toBe(200);
    expect((await set({ isolation: 'open' })).status).toBe(200);
    expect((await set({ isolation: 'isolated' })).json.code).toBe('node.too-old');
  });

  it('they are chosen once it has registered in another version, or has gone silent', async () => {
    const n2 = old();
    await join(manager, 'n2', n2);
    await join(manager, 'n3', asNode({ readableSchema: 1 }));
    expect((await set({ isolation: 'isolated' })).json.code).toBe('node.too-old');
    await cluster.pass(12_000);
    await join(manager, 'n2', { ...n2, version: '1.0.0', readableSchema: 2 });
    expect((await set({ isolation: 'isolated' })).status).toBe(200);
  });
});

describe('a node that knows the options, but not direct: cluster', () => {
  const second = () => asNode({ readableSchema: 2, version: '1.0.0' });
  it('keeps that from being chosen, and nothing else', async () => {
    await join(manager, 'n1', second());
    const refused = await set({ direct: 'cluster' });
    expect(refused).toMatchObject({ status: 409, json: { code: 'node.too-old', field: 'direct' } });
    expect(refused.json['detail']).toMatch(/n1 .*version 1.0.0.* direct .*it reads schema 2, not 3/);
    expect((await set({ direct: 'node', masquerade: { mode: 'off' } })).status).toBe(200);
    await cluster.pass(12_000);
    expect((await set({ direct: 'cluster' })).status).toBe(200);
    const late = await ask(manager, 'PUT', '/v1/nodes/n2', second());
    expect(late).toMatchObject({ status: 409, json: { code: 'node.too-old' } });
    expect(late.json['detail']).toMatch(/does not read direct of/);
    expect((await ask(manager, 'PUT', '/v1/nodes/n3', asNode())).status).toBe(200);
  });
});

describe('where an option is chosen, a node that does not read it', () => {
  it('does not register, however long it has been a member, until the option is back at its default', async () => {
    const n2 = old();
    await join(manager, 'n2', n2);
    await cluster.pass(12_000);
    await set({ link: 'veth', isolation: 'isolated' });
    const refused = await ask(manager, 'PUT', '/v1/nodes/n2', n2);
    expect(refused).toMatchObject({ status: 409, json: { code: 'node.too-old', field: 'readableSchema' } });
    expect(refused.json['detail']).toMatch(/0.9.0 .*isolation, link/);
    await set({ link: 'wireguard', isolation: 'open' });
    expect((await ask(manager, 'PUT', '/v1/nodes/n2', n2)).status).toBe(200);
  });
});
