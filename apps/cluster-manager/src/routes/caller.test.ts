/**
 * Who is taken for the caller while certificates come and go, and when a replica forwards, over TLS on loopback:
 *
 *   caller ──▶ m2, a follower ──▶ m1, the leader
 */
import type { AddressInfo } from 'node:net';
import { callerHeader, forwardedHeader } from '@wgcni/api/server';
import { Secret, systemClock } from '@wgcni/base';
import { checkCredentials, type Credentials } from '@wgcni/pki';
import { encodeRecord, writtenSchema } from '@wgcni/store';
import { type CertificateRequest, TestAuthority } from '@wgcni/testing/pki';
import { Agent, request } from 'undici';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { Forwarder } from '../forward.ts';
import type { Replica } from '../replica.ts';
import { asNode, TestCluster, type TestReplica } from '../testing/cluster.ts';

/** Credentials that a test renews. */
class Source {
  current: Credentials;
  readonly #listeners = new Set<() => void>();

  constructor(current: Credentials) {
    this.current = current;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  renew(to: Credentials): void {
    this.current = to;
    for (const listener of this.#listeners) listener();
  }
}

let authority: TestAuthority;
let cluster: TestCluster;
let leader: TestReplica;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  authority = await TestAuthority.create();
});
beforeEach(async () => {
  cluster = new TestCluster();
  leader = await cluster.startWithNetwork();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await cluster.stop();
});

async function credentials(
  request: CertificateRequest,
  { by = authority, ca = authority.ca } = {},
): Promise<Credentials> {
  const { cert, key } = await by.issue(request);
  return checkCredentials({ use: 'tls', cert: 'c', key: 'k', ca: 'a' }, { cert, key: new Secret(key), ca });
}

/** Serves a replica over TLS, and answers its URL. */
async function serve(replica: Replica, source: Source): Promise<string> {
  const app = await buildApp(replica, source);
  await app.listen({ host: '127.0.0.1', port: 0 });
  ends.push(() => app.close());
  return `https://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

const manager = async (id = 'm1'): Promise<Source> =>
  new Source(await credentials({ uris: [`wgcni://main/manager/${id}`] }));

/** Connections of one caller: at most one at a time. */
async function dialAs(uri: string, { by = authority } = {}): Promise<Agent> {
  const agent = new Agent({ connections: 1, connect: { ...(await by.issue({ uris: [uri] })), ca: authority.ca } });
  ends.push(() => agent.destroy());
  return agent;
}

async function get(
  url: string,
  dispatcher: Agent,
  path = '/v1/network',
): Promise<{ status: number; connection: string }> {
  const answer = await request(`${url}${path}`, { dispatcher });
  await answer.body.dump();
  return { status: answer.statusCode, connection: String(answer.headers['connection']) };
}

describe('a connection', () => {
  it('that was judged by credentials of before ends with its next answer, and no request fails', async () => {
    const source = await manager();
    const url = await serve(leader.replica, source);
    const node = await dialAs('wgcni://main/node/n1');
    expect(await get(url, node)).toEqual({ status: 200, connection: 'keep-alive' });
    source.renew(await credentials({ uris: ['wgcni://main/manager/m1'] }));
    expect(await get(url, node)).toEqual({ status: 200, connection: 'close' });
    expect(await get(url, node)).toEqual({ status: 200, connection: 'keep-alive' });
  });

  it('of an authority that is trusted no more serves one request, then its certificate is refused', async () => {
    const departing = await TestAuthority.create('departing');
    const both = { ca: authority.ca + departing.ca };
    const source = new Source(await credentials({ uris: ['wgcni://main/manager/m1'] }, both));
    const url = await serve(leader.replica, source);
    const node = await dialAs('wgcni://main/node/n1', { by: departing });
    expect((await get(url, node)).status).toBe(200);
    source.renew(await credentials({ uris: ['wgcni://main/manager/m1'] }));
    expect((await get(url, node)).connection).toBe('close');
    expect((await get(url, node)).status).toBe(401);
  });

  it('ends with its certificate', async () => {
    let wallMs = Date.now();
    const clock = { ...systemClock, wallMs: () => wallMs };
    const url = await serve({ ...leader.replica, clock }, await manager());
    const node = await dialAs('wgcni://main/node/n1');
    expect((await get(url, node)).status).toBe(200);
    wallMs += 86_400_000 + 60_000;
    expect(await get(url, node)).toEqual({ status: 401, connection: 'close' });
    expect(cluster.logged.at(-1)).toMatchObject({
      event: 'request.denied',
      fields: { why: 'its certificate has expired' },
    });
  });

  it('of a stranger is over after its answer', async () => {
    const url = await serve(leader.replica, await manager());
    const agent = new Agent({ connections: 1, connect: { ca: authority.ca } });
    ends.push(() => agent.destroy());
    expect(await get(url, agent)).toEqual({ status: 401, connection: 'close' });
  });
});

describe('a request at a follower', () => {
  let url: string;
  /** The leader's record, as the follower has seen it. */
  let leads: string;
  /** The follower's. */
  let source: Source;
  /** How each request ended that it passed on. */
  let forwarded: string[];
  beforeEach(async () => {
    const follower = await cluster.start('m2');
    const leaderUrl = await serve(leader.replica, await manager('m1'));
    leads = encodeRecord({ schema: writtenSchema, replicaId: 'm1', url: leaderUrl });
    source = await manager('m2');
    const holder = follower.replica.election.holder;
    if (holder === undefined) throw new Error('nobody leads');
    forwarded = [];
    const tell = (how: string): void => void forwarded.push(how);
    const forwarder = new Forwarder('m2', () => ({ ...holder, value: leads }), source, tell);
    ends.push(() => forwarder.close());
    url = await serve({ ...follower.replica, forwarder }, source);
  });

  const send = async (uri: string, method: 'PUT' | 'DELETE', path: string, payload?: object): Promise<number> => {
    const answer = await request(`${url}${path}`, {
      method,
      dispatcher: await dialAs(uri),
      ...(payload === undefined
        ? {}
        : { body: JSON.stringify(payload), headers: { 'content-type': 'application/json' } }),
    });
    await answer.body.dump();
    return answer.statusCode;
  };

  it('is done by the leader for whom the follower saw, and logged with that name', async () => {
    expect(await send('wgcni://main/node/n1', 'PUT', '/v1/nodes/n1', asNode())).toBe(200);
    expect(await send('wgcni://main/operator/operate/olga', 'PUT', '/v1/nodes/n1/drain')).toBe(200);
    expect(cluster.logged.at(-1)).toMatchObject({
      event: 'audit.drainNode',
      fields: { caller: 'wgcni://main/operator/operate/olga' },
    });
    expect(forwarded).toEqual(['answered', 'answered']);
  });

  it('changes the network at the leader, where the revision that the caller has seen counts', async () => {
    const patch = async (ifMatch: string, payload: object) => {
      const answer = await request(`${url}/v1/network`, {
        method: 'PATCH',
        dispatcher: await dialAs('wgcni://main/operator/admin/ada'),
        body: JSON.stringify(payload),
        headers: { 'content-type': 'application/json', 'if-match': ifMatch },
      });
      await answer.body.dump();
      return { status: answer.statusCode, etag: String(answer.headers['etag']) };
    };
    const before = `"${cluster.stored(cluster.keys.network)[0]?.modRevision}"`;
    const first = await patch(before, { isolation: 'isolated' });
    expect([first.status, first.etag]).toEqual([200, `"${cluster.backend.revision}"`]);
    expect((await patch(before, { isolation: 'open' })).status).toBe(412);
    expect(cluster.logged.filter(({ event }) => event === 'audit.patchNetwork')).toMatchObject([
      { fields: { caller: 'wgcni://main/operator/admin/ada' } },
      { fields: { refused: 'revision.conflict' } },
    ]);
  });

  it('is not blamed on its caller when the leader does not take the certificate of the follower', async () => {
    const stranger = await TestAuthority.create('stranger');
    const ca = authority.ca + stranger.ca;
    source.renew(await credentials({ uris: ['wgcni://main/manager/m2'] }, { by: stranger, ca }));
    const node = new Agent({ connect: { ...(await authority.issue({ uris: ['wgcni://main/node/n1'] })), ca } });
    ends.push(() => node.destroy());
    const answer = await request(`${url}/v1/nodes/n1`, {
      method: 'PUT',
      dispatcher: node,
      body: JSON.stringify(asNode()),
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.statusCode, await answer.body.json()]).toMatchObject([
      503,
      { code: 'leader.absent', detail: 'the leader m1 does not take the certificate of this replica, m2' },
    ]);
  });

  it('is not passed on in the clear to a leader without TLS', async () => {
    leads = encodeRecord({ schema: writtenSchema, replicaId: 'm1', url: 'http://127.0.0.1:1' });
    expect(await send('wgcni://main/node/n1', 'PUT', '/v1/nodes/n1', asNode())).toBe(503);
    expect(cluster.logged.at(-1)).toMatchObject({
      fields: { code: 'leader.absent', why: expect.stringContaining('is advertised as http://127.0.0.1:1') as string },
    });
    expect(forwarded).toEqual(['absent']);
  });

  it('is refused by the follower to who may not do it', async () => {
    const before = cluster.backend.revision;
    expect(await send('wgcni://main/node/n2', 'PUT', '/v1/nodes/n1', asNode())).toBe(403);
    expect(await send('wgcni://main/operator/read/rob', 'DELETE', '/v1/nodes/n1')).toBe(403);
    expect(cluster.backend.revision).toBe(before);
  });
});

it('without TLS a caller that is no text of ours is logged as it came, not taken for a fault of ours', async () => {
  const headers = { [forwardedHeader]: 'm2', [callerHeader]: '%E0%A4%A' };
  const answer = await leader.app.inject({ method: 'POST', url: '/v1/nodes/nobody/forget', headers });
  expect(answer.json()).toMatchObject({ code: 'node.unknown' });
  expect(cluster.logged.find(({ event }) => event === 'audit.forgetNode')).toMatchObject({
    fields: { caller: '%E0%A4%A' },
  });
});
