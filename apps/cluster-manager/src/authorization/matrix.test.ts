/**
 * Every operation of the OpenAPI document × everybody who might try it, over TLS on loopback:
 *
 *   caller with a certificate ──TLS 1.3──▶ a leader with a network and the nodes n1, n2
 *
 * A new operation without an entry in `expected` fails.
 */
import type { AddressInfo } from 'node:net';
import { join as joinPath } from 'node:path';
import { callerHeader, forwardedHeader } from '@wgcni/api/server';
import { Secret } from '@wgcni/base';
import { checkCredentials, type CredentialSource } from '@wgcni/pki';
import { type CertificateRequest, type Issued, TestAuthority } from '@wgcni/testing/pki';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { asNode, join, TestCluster } from '../testing/cluster.ts';
import { type DocumentedOperation, documentedOperations, ManualClock, settled } from '@wgcni/testing';

type Kind = 'reads' | 'oversees' | 'speaks for itself' | 'joins' | 'operates' | 'administers';
type Operation = Omit<DocumentedOperation, 'method'> & { method: DocumentedOperation['method'] | 'HEAD' };

const expected: Record<string, Kind> = {
  getNetwork: 'reads',
  putNetwork: 'administers',
  patchNetwork: 'administers',
  listRules: 'reads',
  putRule: 'administers',
  deleteRule: 'administers',
  listPools: 'reads',
  putPool: 'administers',
  listSubnets: 'reads',
  listNodes: 'reads',
  listRoutes: 'reads',
  putRoute: 'administers',
  deleteRoute: 'administers',
  getNode: 'reads',
  registerNode: 'speaks for itself',
  deleteNode: 'administers',
  listPeers: 'reads',
  renewRegistration: 'speaks for itself',
  releaseGrants: 'speaks for itself',
  putContainers: 'speaks for itself',
  joinNode: 'joins',
  renewCertificate: 'speaks for itself',
  putReport: 'speaks for itself',
  getReport: 'oversees',
  listReports: 'oversees',
  getOverview: 'oversees',
  listEvents: 'oversees',
  admitNode: 'administers',
  listClients: 'oversees',
  getClient: 'oversees',
  getClientConfig: 'oversees',
  putClient: 'operates',
  deleteClient: 'operates',
  listTokens: 'oversees',
  putToken: 'administers',
  deleteToken: 'administers',
  drainNode: 'operates',
  undrainNode: 'operates',
  forgetNode: 'administers',
  getLeader: 'reads',
  listReplicas: 'reads',
  getHealth: 'reads',
  getReadiness: 'reads',
};

const operations = documentedOperations(joinPath(import.meta.dirname, '../../../../openapi/cluster-manager.yaml'), {
  ...{
    nodeId: 'n1',
    pool: '10.96.0.0-12',
    rule: 'web',
    route: '192.168.50.0-24',
    tokenId: '0011223344556677',
    name: 'laptop',
  },
});

/** Whom the leader must not know: the answer is 401, whatever is asked. */
const strangers = {
  'no certificate': undefined,
  'an expired certificate': { uris: ['wgcni://main/operator/admin/ann'], validForMs: -1_000 },
  'a certificate of the node itself that ended long ago': { uris: ['wgcni://main/node/n1'], validForMs: -86_400_000 },
  'a certificate of the node itself that has just ended': { uris: ['wgcni://main/node/n1'], validForMs: -1_000 },
  'a certificate of another authority': { uris: ['wgcni://main/operator/admin/ann'] },
  'a certificate of another cluster': { uris: ['wgcni://other/operator/admin/ann'] },
  'a certificate that names nobody': {},
  'a certificate that names two': { uris: ['wgcni://main/node/n1', 'wgcni://main/operator/admin/ann'] },
} satisfies Record<string, CertificateRequest | undefined>;

/** Who is known, and says by headers to be or to speak for another: the answer is 403, whatever is asked. */
const forgers: Record<string, { uri: string; headers: Record<string, string> }> = {
  'a node that forwards for an admin': {
    uri: 'wgcni://main/node/n2',
    headers: { [forwardedHeader]: 'm1', [callerHeader]: encodeURIComponent('wgcni://main/operator/admin/ann') },
  },
  'a node that only names a caller': {
    uri: 'wgcni://main/node/n2',
    headers: { [callerHeader]: 'wgcni://main/node/n1' },
  },
  'a node that marks its own request as forwarded': {
    uri: 'wgcni://main/node/n1',
    headers: { [forwardedHeader]: 'm2' },
  },
  'a person that forwards for a node': {
    uri: 'wgcni://main/operator/read/rob',
    headers: { [forwardedHeader]: 'm2', [callerHeader]: encodeURIComponent('wgcni://main/node/n1') },
  },
  'a manager that forwards for nobody': {
    uri: 'wgcni://main/manager/m2',
    headers: { [forwardedHeader]: 'm2', [callerHeader]: 'anonymous@192.0.2.1' },
  },
  'a manager that forwards under the name of another': {
    uri: 'wgcni://main/manager/m2',
    headers: { [forwardedHeader]: 'm3', [callerHeader]: encodeURIComponent('wgcni://main/operator/admin/ann') },
  },
  'a manager that asks for itself': { uri: 'wgcni://main/manager/m2', headers: {} },
};

/** Whose certificate is good by itself, and whom the cluster does not know any more: the answer is 403, whatever is asked. */
const outcasts: Record<string, { nodeId: string; code: string; detail: string }> = {
  'a deleted node': { nodeId: 'n3', code: 'identity.deleted', detail: 'this node was deleted from the cluster' },
  'a node whose name has joined with another key': {
    nodeId: 'n4',
    code: 'identity.replaced',
    detail: 'this node has joined with another key',
  },
};

/** Who is known, and may do what of the kinds. */
const callers: Record<string, { uri: string; may: readonly Kind[] }> = {
  'the node itself': { uri: 'wgcni://main/node/n1', may: ['reads', 'speaks for itself'] },
  'another node': { uri: 'wgcni://main/node/n2', may: ['reads'] },
  'a person who reads': { uri: 'wgcni://main/operator/read/rob', may: ['reads', 'oversees'] },
  'a person who operates': { uri: 'wgcni://main/operator/operate/olga', may: ['reads', 'oversees', 'operates'] },
  'a person who administers': {
    uri: 'wgcni://main/operator/admin/ann',
    may: ['reads', 'oversees', 'operates', 'administers'],
  },
};

/** What a browser sends along for a page that its user has open elsewhere; the certificate goes with it by itself. */
const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };

describe('the matrix', () => {
  let cluster: TestCluster;
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let app: Awaited<ReturnType<typeof buildApp>>;
  const agents = new Map<string, Agent>();

  beforeAll(async () => {
    [authority, stranger] = await Promise.all([TestAuthority.create(), TestAuthority.create()]);
    // TLS itself judges by the clock of the machine.
    cluster = new TestCluster(new ManualClock(Date.now()));
    const leader = await cluster.startWithNetwork();
    for (const nodeId of ['n1', 'n2', 'n3'])
      await join(leader, nodeId, asNode({ endpoints: [`192.0.2.${nodeId.at(-1)}:51820`] }));
    expect((await leader.app.inject({ method: 'DELETE', url: '/v1/nodes/n3?force=true' })).statusCode).toBe(204);
    const joined = { schema: 1, nodeId: 'n4', state: 'joined', keyDigest: 'ab'.repeat(32) };
    cluster.write(cluster.keys.admission('n4'), JSON.stringify(joined));
    await settled();
    agents.set('a deleted node', agentOf(await authority.issue({ uris: ['wgcni://main/node/n3'] })));
    const replaced = 'a node whose name has joined with another key';
    agents.set(replaced, agentOf(await authority.issue({ uris: ['wgcni://main/node/n4'] })));
    app = await buildApp(leader.replica, await managerCredentials());
    await app.listen({ host: '127.0.0.1', port: 0 });
    for (const [name, wanted] of Object.entries(strangers)) {
      const by = name === 'a certificate of another authority' ? stranger : authority;
      agents.set(name, agentOf(wanted === undefined ? {} : await by.issue(wanted)));
    }
    for (const [name, { uri }] of [...Object.entries(forgers), ...Object.entries(callers)])
      agents.set(name, agentOf(await authority.issue({ uris: [uri] })));
  });
  afterAll(async () => {
    await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    await app.close();
    await cluster.stop();
  });

  async function managerCredentials(): Promise<CredentialSource> {
    const { cert, key } = await authority.issue({ uris: ['wgcni://main/manager/m1'] });
    const paths = { use: 'tls' as const, cert: 'cert', key: 'key', ca: 'ca' };
    const current = checkCredentials(paths, { cert, key: new Secret(key), ca: authority.ca });
    return { current, onChange: () => () => {} };
  }

  const agentOf = (issued: Partial<Issued>): Agent =>
    new Agent({ connect: { ...issued, ca: authority.ca, rejectUnauthorized: true } });

  async function ask(
    name: string,
    { method, path, hasBody }: Omit<Operation, 'id'>,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: string }> {
    const { port } = app.server.address() as AddressInfo;
    const dispatcher = agents.get(name);
    if (dispatcher === undefined) throw new Error(`no certificate of ${name}`);
    const answer = await request(`https://127.0.0.1:${port}${path}`, {
      method,
      dispatcher,
      headers: { ...headers, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
      ...(hasBody ? { body: '{}' } : {}),
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  }

  const tokenRefusal = {
    type: 'urn:wgcni:error:token.refused',
    title: 'token refused',
    status: 401,
    detail: 'this token does not let this node join',
    code: 'token.refused',
    retryable: false,
  };
  const refusal = (status: 401 | 403): object => ({
    type: `urn:wgcni:error:identity.${status === 401 ? 'missing' : 'refused'}`,
    title: `identity ${status === 401 ? 'missing' : 'refused'}`,
    status,
    detail: status === 401 ? 'show a certificate of this cluster' : 'this certificate may not do that',
    code: `identity.${status === 401 ? 'missing' : 'refused'}`,
    retryable: false,
  });

  it('has an entry for every operation of the document, and for no other', () => {
    expect(Object.keys(expected).sort()).toEqual(operations.map(({ id }) => id).sort());
    expect(operations.length).toBeGreaterThan(15);
  });

  const isJoining = ({ id }: Operation): boolean => expected[id] === 'joins';
  const named = (some: Operation[]) => some.map((each) => [each.id, each] as const);

  describe.each(named(operations.filter(isJoining)))('%s', (_, operation) => {
    it('is refused to everybody who shows no token, whatever certificate they have', async () => {
      const before = cluster.backend.revision;
      for (const name of [strangers, forgers, outcasts, callers].flatMap(Object.keys)) {
        const { status, body } = await ask(name, operation, forgers[name]?.headers);
        expect([name, status, parsed(body)]).toEqual([name, 401, tokenRefusal]);
      }
      expect(cluster.backend.revision).toBe(before);
    });
  });

  describe.each(named(operations.filter((each) => !isJoining(each))))('%s', (_, operation) => {
    it.each(Object.keys(strangers))('is refused to %s with 401, and nothing is said or done', async (name) => {
      const before = cluster.backend.revision;
      const { status, body } = await ask(name, operation);
      // The one thing that such a certificate is good for: to be renewed. What is asked for is looked at then.
      if (name.endsWith('has just ended') && operation.id === 'renewCertificate') expect(status).toBe(400);
      else expect([status, parsed(body)]).toEqual([401, refusal(401)]);
      expect(cluster.backend.revision).toBe(before);
    });

    it.each(Object.keys(forgers))('is refused to %s with 403, and nothing is said or done', async (name) => {
      const before = cluster.backend.revision;
      const { status, body } = await ask(name, operation, forgers[name]?.headers);
      expect([status, parsed(body)]).toEqual([403, refusal(403)]);
      expect(cluster.backend.revision).toBe(before);
    });

    it.each(Object.keys(outcasts))('is refused to %s, and nothing is said or done', async (name) => {
      const before = cluster.backend.revision;
      const { nodeId, code, detail } = outcasts[name] ?? {};
      const { status, body } = await ask(name, { ...operation, path: operation.path.replace('/n1', `/${nodeId}`) });
      // It lets go of its subnets: that is asked of it, and tells it nothing.
      if (name === 'a deleted node' && operation.id === 'releaseGrants') expect(status).toBe(400);
      else expect([status, parsed(body)]).toMatchObject([403, { code, detail, status: 403 }]);
      expect(cluster.backend.revision).toBe(before);
    });

    it.each(Object.keys(callers))('is done for %s exactly when they may', async (name) => {
      const kind = expected[operation.id];
      const { status, body } = await ask(name, operation);
      if (kind !== undefined && callers[name]?.may.includes(kind)) expect([401, 403]).not.toContain(status);
      else expect([status, parsed(body)]).toEqual([403, refusal(403)]);
    });

    it('is done for a caller whom a manager forwards exactly when that caller may', async () => {
      const kind = expected[operation.id];
      for (const { uri, may } of Object.values(callers)) {
        const headers = { [forwardedHeader]: 'm2', [callerHeader]: encodeURIComponent(uri) };
        const { status } = await ask('a manager that forwards for nobody', operation, headers);
        if (kind !== undefined && may.includes(kind)) expect([401, 403]).not.toContain(status);
        else expect(status).toBe(403);
      }
    });
  });

  it.each(named(operations.filter(({ method }) => method !== 'GET')))(
    '%s is done for no page of another site, whose browser shows a certificate',
    async (_, operation) => {
      const before = cluster.backend.revision;
      for (const name of Object.keys(callers)) {
        const { status, body } = await ask(name, { ...operation, hasBody: false }, elsewhere);
        expect([name, status, parsed(body)]).toMatchObject([name, 403, { code: 'request.foreign' }]);
      }
      expect(cluster.backend.revision).toBe(before);
    },
  );

  it.each([
    ['HEAD', '/v1/network'],
    ['GET', '/openapi.json'],
    ['GET', '/ui/'],
    ['GET', '/v1/nothing'],
    ['DELETE', '/v1/network'],
    ['GET', '/v1/nodes/..%2Fx'],
  ] as const)('refuses %s %s to strangers too, which is no operation', async (method, path) => {
    for (const name of Object.keys(strangers))
      expect((await ask(name, { method, path, hasBody: false })).status).toBe(401);
    expect((await ask('another node', { method, path, hasBody: false })).status).not.toBe(401);
  });
});

/** What was answered; nothing at all is none of the refusals. */
function parsed(body: string): unknown {
  return body === '' ? undefined : JSON.parse(body);
}
