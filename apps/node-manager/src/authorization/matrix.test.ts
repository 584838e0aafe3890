/**
 * Every operation of the OpenAPI document × everybody who might try it, over what a node-manager really listens on:
 *
 *   caller with a certificate ──TLS 1.3──▶ node n1, which has a container and a joined address
 *                   root ──unix socket──▶
 *
 * A new operation without an entry in `expected` fails.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener, Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callerHeader, EventRing, forwardedHeader } from '@wgcni/api/server';
import { CatalogueError, type Log, Secret, silentLog, systemClock, systemRandom } from '@wgcni/base';
import { checkCredentials, type CredentialSource } from '@wgcni/pki';
import { documentedOperations, type DocumentedOperation } from '@wgcni/testing';
import { type CertificateRequest, type Issued, TestAuthority } from '@wgcni/testing/pki';
import { systemKeys } from '@wgcni/wg';
import type { FastifyInstance } from 'fastify';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { FakeNode, inputFor, keyNamed, patient } from '../attachments/fake-node.ts';
import type { Attachments } from '../attachments/index.ts';
import { Entrances } from '../serve/entrances.ts';
import { closeServer, listenOnTcp, openTrusted, portOf } from '../serve/open-server.ts';

type Kind = 'reads' | 'operates' | 'administers';

type Asked = Partial<Omit<DocumentedOperation, 'method'>> & {
  method: DocumentedOperation['method'] | 'HEAD';
  path: string;
};

const expected: Record<string, Kind> = {
  listAttachments: 'reads',
  getAttachment: 'reads',
  attach: 'administers',
  detach: 'administers',
  answered: 'administers',
  checkAttachment: 'administers',
  collectAttachments: 'administers',
  allocateAddress: 'operates',
  releaseAddress: 'operates',
  claimKey: 'operates',
  joinPeers: 'reads',
  listAddresses: 'reads',
  getStatus: 'reads',
  listEvents: 'reads',
  getHealth: 'reads',
  getReadiness: 'reads',
};

const values = { network: 'mesh', containerId: 'c1', ifName: 'eth0', name: 'laptop' };
const operations = documentedOperations(join(import.meta.dirname, '../../../../openapi/node-manager.yaml'), values);
/** Bodies that would be done, so that a refusal is by who asks and nothing else. */
const bodies: Record<string, object> = {
  attach: { netns: '/run/netns/other', deadlineMs: 5_000 },
  checkAttachment: { netns: '/run/netns/one', addresses: [] },
  collectAttachments: { valid: [], force: true },
  allocateAddress: {},
  claimKey: { publicKey: systemKeys.generate().publicKey },
};

/** Whom the node must not know: the answer is 401, whatever is asked. */
const strangers = {
  'no certificate': undefined,
  'an expired certificate': { uris: ['wgcni://main/operator/admin/ann'], validForMs: -1_000 },
  'a certificate of another authority': { uris: ['wgcni://main/operator/admin/ann'] },
  'a certificate of another cluster': { uris: ['wgcni://other/operator/admin/ann'] },
  'a certificate that names nobody': {},
  'a certificate that names two': { uris: ['wgcni://main/node/n1', 'wgcni://main/operator/admin/ann'] },
} satisfies Record<string, CertificateRequest | undefined>;

const forged = {
  [forwardedHeader]: 'm1',
  [callerHeader]: encodeURIComponent('wgcni://main/operator/admin/ann'),
};
/** Who is known, and may do nothing here: the answer is 403, whatever is asked. */
const refused: Record<string, { uri: string; headers?: Record<string, string> }> = {
  'another node': { uri: 'wgcni://main/node/n2' },
  // No node is let in, so it does not matter which of them the cluster has deleted.
  'a deleted node': { uri: 'wgcni://main/node/n9' },
  'the node itself': { uri: 'wgcni://main/node/n1' },
  'a manager': { uri: 'wgcni://main/manager/m1' },
  'a manager that forwards for an admin': { uri: 'wgcni://main/manager/m1', headers: forged },
  'a node that forwards for an admin': { uri: 'wgcni://main/node/n2', headers: forged },
  'an admin who only names a caller': {
    uri: 'wgcni://main/operator/admin/ann',
    headers: { [callerHeader]: 'wgcni://main/operator/admin/ann' },
  },
  'an admin who marks a request as forwarded': {
    uri: 'wgcni://main/operator/admin/ann',
    headers: { [forwardedHeader]: 'm1' },
  },
};

/** Who is known, and may do what of the kinds. */
const callers: Record<string, { uri: string; may: readonly Kind[] }> = {
  'a person who reads': { uri: 'wgcni://main/operator/read/rob', may: ['reads'] },
  'a person who operates': { uri: 'wgcni://main/operator/operate/olga', may: ['reads', 'operates'] },
  'a person who administers': { uri: 'wgcni://main/operator/admin/ann', may: ['reads', 'operates', 'administers'] },
};

describe('the matrix of a node', () => {
  let node: FakeNode;
  let attachments: Attachments;
  let app: FastifyInstance;
  let port: number;
  const servers: Server[] = [];
  let directory: string;
  const logged: { event: string; fields: object }[] = [];
  const agents = new Map<string, Agent>();

  beforeAll(async () => {
    const [authority, other] = await Promise.all([TestAuthority.create(), TestAuthority.create()]);
    node = await FakeNode.make();
    attachments = await node.start();
    for (const name of ['one', 'other']) node.namespace(name);
    const note = (fields: object, event: string): void => void logged.push({ event, fields });
    const log: Log = { ...silentLog, info: note };
    const { cert, key } = await authority.issue({ uris: ['wgcni://main/node/n1'] });
    const paths = { use: 'tls' as const, cert: 'cert', key: 'key', ca: 'ca' };
    const current = checkCredentials(paths, { cert, key: new Secret(key), ca: authority.ca });
    const source: CredentialSource = { current, onChange: () => () => {} };
    const entrances = new Entrances('main', systemClock, source);
    const away = new CatalogueError('node.unavailable', 'there is no more of this node');
    const status = (): never => {
      throw away;
    };
    const judgement = (): never => status();
    const { clock } = node;
    const events = new EventRing({ clock, random: systemRandom, log: silentLog });
    app = await buildApp({ version: '1', attachments, events, clock, log, status, judgement, entrances });
    directory = await mkdtemp(join(tmpdir(), 'wgcni-matrix-'));
    const route: RequestListener = (req, res) => app.routing(req, res);
    const socketPath = join(directory, 'node.sock');
    servers.push(openTrusted(route, entrances).listen(socketPath));
    servers.push(await listenOnTcp(route, { host: '127.0.0.1', port: 0 }, entrances));
    port = portOf(servers[1] as Server);
    const agentOf = (issued: Partial<Issued>): Agent => new Agent({ connect: { ...issued, ca: authority.ca } });
    for (const [name, wanted] of Object.entries(strangers)) {
      const by = name === 'a certificate of another authority' ? other : authority;
      agents.set(name, agentOf(wanted === undefined ? {} : await by.issue(wanted)));
    }
    for (const [name, { uri }] of [...Object.entries(refused), ...Object.entries(callers)])
      agents.set(name, agentOf(await authority.issue({ uris: [uri] })));
    agents.set('root', new Agent({ connect: { socketPath } }));
  });
  beforeEach(async () => {
    if (attachments.list().length === 0)
      await attachments.attach(keyNamed('c1'), inputFor('/run/netns/one'), patient(node));
    await attachments.allocateAddress('laptop', {});
  });
  afterAll(async () => {
    await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    await Promise.all(servers.map(closeServer));
    await app.close();
    await node.close();
    await rm(directory, { recursive: true });
  });

  async function ask(
    name: string,
    { id = '', method, path, hasBody }: Asked,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: string }> {
    const dispatcher = agents.get(name);
    if (dispatcher === undefined) throw new Error(`no certificate of ${name}`);
    const origin = name === 'root' ? 'http://localhost' : `https://127.0.0.1:${port}`;
    const answer = await request(`${origin}${path}`, {
      method,
      dispatcher,
      headers: { ...headers, ...(hasBody === true ? { 'content-type': 'application/json' } : {}) },
      ...(hasBody === true ? { body: JSON.stringify(bodies[id] ?? {}) } : {}),
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  }

  /** What a refused request must leave as it is. */
  const state = (): string =>
    JSON.stringify([attachments.list(), attachments.listAddresses(), node.calls.length, node.events.length]);

  const refusal = (status: 401 | 403): object => {
    const name = status === 401 ? 'missing' : 'refused';
    const detail = status === 401 ? 'show a certificate of this cluster' : 'this certificate may not do that';
    const code = `identity.${name}`;
    return { type: `urn:wgcni:error:${code}`, title: `identity ${name}`, status, detail, code, retryable: false };
  };

  it('has an entry for every operation of the document, and for no other', () => {
    expect(Object.keys(expected).sort()).toEqual(operations.map(({ id }) => id).sort());
    expect(operations.length).toBeGreaterThan(10);
    const withBody = operations.filter(({ hasBody }) => hasBody).map(({ id }) => id);
    expect(Object.keys(bodies).sort()).toEqual(withBody.sort());
  });

  describe.each(operations.map((each) => [each.id, each] as const))('%s', (_, operation) => {
    it.each(Object.keys(strangers))('is refused to %s with 401, and nothing is said or done', async (name) => {
      const before = state();
      const { status, body } = await ask(name, operation);
      expect([status, JSON.parse(body)]).toEqual([401, refusal(401)]);
      expect(state()).toBe(before);
    });

    it.each(Object.keys(refused))('is refused to %s with 403, and nothing is said or done', async (name) => {
      const before = state();
      const { status, body } = await ask(name, operation, refused[name]?.headers);
      expect([status, JSON.parse(body)]).toEqual([403, refusal(403)]);
      expect(state()).toBe(before);
    });

    it.each(Object.keys(callers))('is done for %s exactly when they may', async (name) => {
      const kind = expected[operation.id];
      const isAllowed = kind !== undefined && callers[name]?.may.includes(kind) === true;
      const before = state();
      const { status, body } = await ask(name, operation);
      if (isAllowed) expect([200, 204, 503]).toContain(status);
      else expect([status, JSON.parse(body), state()]).toEqual([403, refusal(403), before]);
    });

    it('is done on the socket without a certificate', async () => {
      expect([200, 204, 503]).toContain((await ask('root', operation)).status);
    });
  });

  it.each(operations.filter(({ method }) => method !== 'GET').map((each) => [each.id, each] as const))(
    '%s is done for no page of another site, whose browser shows a certificate',
    async (_, operation) => {
      const before = state();
      for (const name of Object.keys(callers)) {
        const { status, body } = await ask(name, operation, { origin: 'https://evil.example' });
        expect([name, status, JSON.parse(body)]).toMatchObject([name, 403, { code: 'request.foreign' }]);
      }
      expect(state()).toBe(before);
    },
  );

  it.each([
    ['HEAD', '/v1/status'],
    ['GET', '/openapi.json'],
    ['GET', '/v1/nothing'],
    ['DELETE', '/v1/status'],
    ['GET', '/v1/addresses/..%2Fx/peers'],
  ] as const)('refuses %s %s to strangers, nodes and managers too, which is no operation', async (method, path) => {
    for (const name of Object.keys(strangers)) expect((await ask(name, { method, path })).status, name).toBe(401);
    for (const [name, { headers }] of Object.entries(refused))
      expect((await ask(name, { method, path }, headers)).status, name).toBe(403);
    expect([401, 403]).not.toContain((await ask('a person who reads', { method, path })).status);
  });

  it('logs why it refused, and what people changed, by their names', async () => {
    logged.length = 0;
    await ask('no certificate', { method: 'GET', path: '/v1/status' });
    await ask('a manager', { method: 'GET', path: '/v1/status' });
    await ask('a person who operates', { method: 'DELETE', path: '/v1/addresses/laptop' });
    await expect.poll(() => logged).toHaveLength(3);
    expect(logged).toMatchObject([
      { event: 'request.denied', fields: { code: 'identity.missing', why: 'no certificate', caller: null } },
      { event: 'request.denied', fields: { code: 'identity.refused', caller: 'wgcni://main/manager/m1' } },
      { event: 'audit.releaseAddress', fields: { caller: 'wgcni://main/operator/operate/olga', status: 204 } },
    ]);
  });
});
