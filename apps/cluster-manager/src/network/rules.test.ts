/** Rules over REST: put under a name, replaced, taken away, each time in the one record that every node reads. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, TestCluster, type TestReplica } from '../testing/cluster.ts';

const web = { from: ['clients'], to: ['10.64.3.0/24'], protocol: 'tcp', ports: ['80', '8000-8100'] };

describe('the rules of the network', () => {
  let cluster: TestCluster;
  let manager: TestReplica;
  beforeEach(async () => {
    cluster = new TestCluster();
    manager = await cluster.startWithNetwork();
  });
  afterEach(() => cluster.stop());

  const rulesOf = async () => (await ask(manager, 'GET', '/v1/rules')).json['items'];

  it('are put under their names, in canonical text, and a repeat changes nothing', async () => {
    expect(await rulesOf()).toEqual([]);
    expect(await ask(manager, 'PUT', '/v1/rules/web', web)).toMatchObject({
      status: 200,
      json: { name: 'web', ...web },
    });
    const all = { from: ['FD64:0::/48'], to: ['any'] };
    expect((await ask(manager, 'PUT', '/v1/rules/all', all)).json).toEqual({
      ...{ name: 'all', from: ['fd64::/48'], to: ['any'], protocol: 'any', ports: [] },
    });
    const revision = cluster.backend.revision;
    await ask(manager, 'PUT', '/v1/rules/web', web);
    expect(cluster.backend.revision).toBe(revision);
    expect(await rulesOf()).toMatchObject([{ name: 'all' }, { name: 'web' }]);
    expect((await ask(manager, 'GET', '/v1/network')).json['rules']).toMatchObject([{ name: 'web' }, { name: 'all' }]);
  });

  it('are replaced in their place, and taken away, also twice', async () => {
    for (const name of ['web', 'all']) await ask(manager, 'PUT', `/v1/rules/${name}`, web);
    await ask(manager, 'PUT', '/v1/rules/web', { ...web, ports: ['443'] });
    expect((await ask(manager, 'GET', '/v1/network')).json['rules']).toMatchObject([
      { name: 'web', ports: ['443'] },
      { name: 'all' },
    ]);
    for (let twice = 0; twice < 2; twice += 1) expect((await ask(manager, 'DELETE', '/v1/rules/web')).status).toBe(204);
    expect(await rulesOf()).toMatchObject([{ name: 'all' }]);
    const events = cluster.logged.map(({ event }) => event).filter((event) => event.startsWith('audit.'));
    expect(events.filter((event) => event === 'audit.putRule')).toHaveLength(3);
    expect(events.filter((event) => event === 'audit.deleteRule')).toHaveLength(2);
  });

  it('are changed only as long as nothing else of the network was, where the caller asks for that', async () => {
    const change = async (method: 'PUT' | 'DELETE', ifMatch: string) =>
      manager.app.inject({
        ...{ method, url: '/v1/rules/web', headers: { 'if-match': ifMatch } },
        ...(method === 'PUT' ? { payload: web } : {}),
      });
    expect((await change('PUT', '"1"')).statusCode).toBe(412);
    const { headers } = await manager.app.inject({ method: 'GET', url: '/v1/rules' });
    const put = await change('PUT', headers['etag'] as string);
    expect([put.statusCode, put.headers['etag']]).toEqual([200, `"${cluster.backend.revision}"`]);
    expect((await change('DELETE', headers['etag'] as string)).statusCode).toBe(412);
    expect((await change('DELETE', put.headers['etag'] as string)).statusCode).toBe(204);
  });

  it.each<[string, string, object, RegExp]>([
    ['a source that is none', 'web', { ...web, from: ['nobody'] }, /rule web: from: "nobody"/],
    ['a port beyond the last', 'web', { ...web, ports: ['65536'] }, /rule web: ports: "65536"/],
    ['ports of every protocol', 'web', { ...web, protocol: 'any' }, /protocol any has no ports/],
    ['blocks of two families', 'web', { ...web, from: ['fd64::/48'] }, /different families/],
    ['nobody as a source', 'web', { ...web, from: [] }, /from/],
    ['a name that is none', '-web', web, /rule/],
  ])('are refused with %s', async (_, name, rule, detail) => {
    const { status, json } = await ask(manager, 'PUT', `/v1/rules/${name}`, rule);
    expect([status, json.code, json['detail']]).toEqual([400, 'request.invalid', expect.stringMatching(detail)]);
    expect(json.remedy).toBeDefined();
    expect(await rulesOf()).toEqual([]);
  });

  it('fit one record up to their bound, also all at once', async () => {
    const many = Array.from({ length: 1_000 }, (_, number) => ({ name: `r${number}`, ...web }));
    const patched = await ask(manager, 'PATCH', '/v1/network', { rules: many });
    expect([patched.status, (patched.json['rules'] as unknown[]).length]).toEqual([200, 1_000]);
    expect((await ask(manager, 'PUT', '/v1/rules/one-more', web)).json['detail']).toContain('1001 rules');
    const from = Array.from({ length: 64 }, (_, number) => `2001:db8:${number}:1111:2222:3333:4444:0/112`);
    const long = many.map((rule) => ({ ...rule, from, to: ['any'] })).slice(0, 300);
    expect((await ask(manager, 'PATCH', '/v1/network', { rules: long })).json['detail']).toMatch(
      /characters, more than/,
    );
  });
});
