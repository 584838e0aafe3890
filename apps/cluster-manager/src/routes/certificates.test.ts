/**
 * Joining and renewing, over TLS on loopback, against a leader whose authority issues:
 *
 *   token ──TLS 1.3, no certificate──▶ join ──▶ certificate ──TLS 1.3──▶ renew, register
 */
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { systemRandom } from '@wgcni/base';
import { bearerOf, drawToken, generateKeyPair, type JoinToken, type KeyPair, tokenHash } from '@wgcni/pki';
import {
  Authority,
  type AuthorityTexts,
  IssuingAuthority,
  makeCertificateRequest,
  subjectOf,
} from '@wgcni/pki/authority';
import { ManualClock, settled } from '@wgcni/testing';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { asNode, TestCluster, type TestReplica } from '../testing/cluster.ts';

const hourMs = 3_600_000;
const own = { kind: 'manager' as const, cluster: 'main', replicaId: 'm1' };

describe('a node', () => {
  let dir: string;
  let cluster: TestCluster;
  let leader: TestReplica;
  let app: Awaited<ReturnType<typeof buildApp>>;
  let texts: AuthorityTexts;
  let authority: Authority;
  let issuing: IssuingAuthority;
  const agents: Agent[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(joinPath(tmpdir(), 'wgcni-join-'));
    // TLS itself judges by the clock of the machine.
    cluster = new TestCluster(new ManualClock(Date.now()));
    leader = await cluster.startWithNetwork([], { holdDownSec: 3_600 });
    texts = await Authority.create('main', cluster.clock.wallMs());
    authority = await Authority.open(texts);
    const paths = {
      ...{ use: 'authority' as const, cert: joinPath(dir, 'a.pem'), key: joinPath(dir, 'a.key') },
      ca: joinPath(dir, 'a.pem'),
    };
    await writeFile(paths.cert, texts.cert);
    await writeFile(paths.key, texts.key.reveal(), { mode: 0o600 });
    const log = leader.replica.log;
    issuing = await IssuingAuthority.open({ paths, own, names: ['127.0.0.1'], clock: cluster.clock, log });
    app = await buildApp({ ...leader.replica, authority: issuing }, issuing);
    await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.destroy()));
    await app.close();
    await cluster.stop();
    await rm(dir, { recursive: true });
  });

  /** Asks with a certificate, or with none. */
  async function ask(
    method: 'PUT' | 'POST' | 'GET' | 'DELETE',
    path: string,
    how: { cert?: string; key?: KeyPair; headers?: Record<string, string>; body?: object } = {},
  ): Promise<{ status: number; json: Record<string, string> }> {
    const { port } = app.server.address() as AddressInfo;
    const shown = how.cert === undefined ? {} : { cert: how.cert, key: how.key?.key.reveal() ?? '' };
    const agent = new Agent({ connect: { ca: authority.trusted, ...shown } });
    agents.push(agent);
    const answer = await request(`https://127.0.0.1:${port}${path}`, {
      ...{ method, dispatcher: agent },
      headers: { ...how.headers, ...(how.body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(how.body === undefined ? {} : { body: JSON.stringify(how.body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, json: text === '' ? {} : (JSON.parse(text) as Record<string, string>) };
  }

  async function certificateOf(
    uri: { role: 'admin'; name: string } | { nodeId: string },
    endsInMs = hourMs,
    key = generateKeyPair(),
  ) {
    const identity =
      'nodeId' in uri
        ? { kind: 'node' as const, cluster: 'main', ...uri }
        : { kind: 'operator' as const, cluster: 'main', ...uri };
    const cert = await authority.issue({
      ...{
        subject: subjectOf(identity),
        publicKey: key.publicKey,
        lifeMs: hourMs,
        wallMs: cluster.clock.wallMs() + endsInMs - hourMs,
      },
    });
    return { cert, key };
  }

  async function newToken(change: object = {}): Promise<JoinToken> {
    const token = drawToken(authority.digest, systemRandom);
    const body = { hash: tokenHash(token.secret), nodeId: null, ttlSec: 3_600, uses: 1, ...change };
    const admin = await certificateOf({ role: 'admin', name: 'ann' });
    const { status, json } = await ask('PUT', `/v1/tokens/${token.id}`, { ...admin, body });
    expect([status, json['authority']]).toEqual([200, authority.digest]);
    return token;
  }

  async function joinBy(token: JoinToken, nodeId: string, key = generateKeyPair()) {
    const body = { request: await makeCertificateRequest(key.key) };
    const headers = { authorization: bearerOf(token).reveal() };
    const answer = await ask('POST', `/v1/nodes/${nodeId}/join`, { headers, body });
    return { ...answer, cert: answer.json['certificate'] ?? '', key };
  }

  async function renew({ cert, key }: { cert: string; key: KeyPair }, nodeId = 'n1', requested = key) {
    return ask('POST', `/v1/nodes/${nodeId}/certificate`, {
      ...{ cert, key, body: { request: await makeCertificateRequest(requested.key) } },
    });
  }

  it('joins by a token, and is known by what it gets', async () => {
    const joined = await joinBy(await newToken(), 'n1');
    expect(joined.status).toBe(200);
    expect(joined.json['authorities']).toBe(authority.trusted);
    expect((await ask('PUT', '/v1/nodes/n1', { ...joined, body: asNode() })).status).toBe(200);
    expect((await ask('PUT', '/v1/nodes/n2', { ...joined, body: asNode() })).status).toBe(403);
  });

  it('joins again by the same token with the same key, as after a lost answer', async () => {
    const [token, key] = [await newToken(), generateKeyPair()];
    expect((await joinBy(token, 'n1', key)).status).toBe(200);
    expect((await joinBy(token, 'n1', key)).status).toBe(200);
    expect((await joinBy(token, 'n2', key)).status).toBe(401);
  });

  /** Sends the head of a registration, and its body when it is told to. */
  async function lateRegistration(nodeId: string, { cert, key }: { cert: string; key: KeyPair }) {
    const { port } = app.server.address() as AddressInfo;
    const body = JSON.stringify(asNode({ takeOver: true }));
    const sent = httpsRequest({
      ...{ port, host: '127.0.0.1', path: `/v1/nodes/${nodeId}`, method: 'PUT' },
      ...{ cert, key: key.key.reveal(), ca: authority.trusted, agent: false },
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    });
    sent.flushHeaders();
    const answer = once(sent, 'response') as Promise<[IncomingMessage]>;
    await once(sent, 'socket').then(([socket]) => once(socket as TLSSocket, 'secureConnect'));
    // Time for its head to be judged; if it were not, the refusal would be the same, and show less.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return async (): Promise<{ status: number | undefined; code: unknown }> => {
      sent.end(body);
      const [response] = await answer;
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part as Buffer);
      const { code } = JSON.parse(Buffer.concat(parts).toString()) as { code: unknown };
      return { status: response.statusCode, code };
    };
  }

  const refusal = { code: 'token.refused', detail: 'this token does not let this node join' };

  it('does not join by a token that was used, by one that has ended, by one of another node, or by none', async () => {
    const used = await newToken();
    expect((await joinBy(used, 'n1')).status).toBe(200);
    expect(await joinBy(used, 'n2')).toMatchObject({ status: 401, json: refusal });
    const short = await newToken({ ttlSec: 60 });
    await cluster.pass(61_000);
    expect(await joinBy(short, 'n2')).toMatchObject({ status: 401, json: refusal });
    expect(await joinBy(await newToken({ nodeId: 'n3' }), 'n2')).toMatchObject({ status: 401, json: refusal });
    expect(await joinBy(drawToken(authority.digest, systemRandom), 'n2')).toMatchObject({ status: 401, json: refusal });
    const revoked = await newToken();
    const admin = await certificateOf({ role: 'admin', name: 'ann' });
    expect((await ask('DELETE', `/v1/tokens/${revoked.id}`, admin)).status).toBe(204);
    expect(await joinBy(revoked, 'n2')).toMatchObject({ status: 401, json: refusal });
    expect(await ask('POST', '/v1/nodes/n2/join', { body: {} })).toMatchObject({ status: 401, json: refusal });
  });

  it('is one of two that use a token at once', async () => {
    const token = await newToken();
    const answers = await Promise.all(['n1', 'n2', 'n3', 'n4'].map((id) => joinBy(token, id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it('that joins anew with a token of its own leaves no second certificate that works', async () => {
    const first = await joinBy(await newToken(), 'n1');
    expect((await joinBy(await newToken(), 'n1')).status).toBe(401);
    const second = await joinBy(await newToken({ nodeId: 'n1' }), 'n1');
    await settled();
    expect((await ask('GET', '/v1/nodes', second)).status).toBe(200);
    expect(await ask('GET', '/v1/nodes', first)).toMatchObject({ status: 403, json: { code: 'identity.replaced' } });
    expect((await renew(first)).status).toBe(403);
  });

  it('renews with its own key, and with no other', async () => {
    const joined = await joinBy(await newToken(), 'n1');
    const renewed = await renew(joined);
    expect(renewed.status).toBe(200);
    expect((await ask('GET', '/v1/nodes', { ...joined, cert: renewed.json['certificate'] ?? '' })).status).toBe(200);
    expect(await renew(joined, 'n1', generateKeyPair())).toMatchObject({ status: 400, json: { field: 'request' } });
    expect((await renew(joined, 'n2')).status).toBe(403);
  });

  it('that was deleted is refused at once, also by a renewal, and lets go of its subnets', async () => {
    const joined = await joinBy(await newToken(), 'n1');
    const input = asNode();
    const registered = await ask('PUT', '/v1/nodes/n1', { ...joined, body: input });
    const admin = await certificateOf({ role: 'admin', name: 'ann' });
    expect((await ask('DELETE', '/v1/nodes/n1?force=true', admin)).status).toBe(204);
    const refused = { status: 403, json: { code: 'identity.deleted' } };
    expect(await ask('GET', '/v1/nodes', joined)).toMatchObject(refused);
    expect(await ask('PUT', '/v1/nodes/n1', { ...joined, body: input })).toMatchObject(refused);
    expect(await renew(joined)).toMatchObject(refused);
    const grantIds = (registered.json['subnets'] as unknown as { grantId: string }[]).map(({ grantId }) => grantId);
    const letGo = { instance: input.instance, grantIds };
    expect((await ask('POST', '/v1/nodes/n1/release', { ...joined, body: letGo })).status).toBe(204);
    expect((await joinBy(await newToken(), 'n1')).status).toBe(200);
  });

  it('that is deleted, or replaced, before the body of its registration has come is not registered by it', async () => {
    const admin = await certificateOf({ role: 'admin', name: 'ann' });
    const [first, second] = [await joinBy(await newToken(), 'n1'), await joinBy(await newToken(), 'n2')];
    await ask('PUT', '/v1/nodes/n1', { ...first, body: asNode() });
    const [late, later] = [await lateRegistration('n1', first), await lateRegistration('n2', second)];
    expect((await ask('DELETE', '/v1/nodes/n1?force=true', admin)).status).toBe(204);
    expect((await joinBy(await newToken({ nodeId: 'n2' }), 'n2')).status).toBe(200);
    await settled();
    expect(await late()).toMatchObject({ status: 403, code: 'identity.deleted' });
    expect(await later()).toMatchObject({ status: 403, code: 'identity.replaced' });
    expect(cluster.stored(cluster.keys.nodes)).toEqual([]);
  });

  it('lets go of its subnets, after it was deleted, by the key that it had and by no other', async () => {
    const admin = await certificateOf({ role: 'admin', name: 'ann' });
    const stolen = await joinBy(await newToken(), 'n1');
    const joined = await joinBy(await newToken({ nodeId: 'n1' }), 'n1');
    await settled();
    const input = asNode();
    const registered = await ask('PUT', '/v1/nodes/n1', { ...joined, body: input });
    const grantIds = (registered.json['subnets'] as unknown as { grantId: string }[]).map(({ grantId }) => grantId);
    await ask('DELETE', '/v1/nodes/n1?force=true', admin);
    const body = { instance: input.instance, grantIds };
    expect(await ask('POST', '/v1/nodes/n1/release', { ...stolen, body })).toMatchObject({
      status: 403,
      json: { code: 'identity.replaced' },
    });
    expect((await ask('POST', '/v1/nodes/n1/release', { ...joined, body })).status).toBe(204);
  });

  it('comes back when an operator admits it, with the key that it had and with no other', async () => {
    const admin = await certificateOf({ role: 'admin', name: 'ann' });
    const stolen = await joinBy(await newToken(), 'n1');
    const joined = await joinBy(await newToken({ nodeId: 'n1' }), 'n1');
    await settled();
    await ask('PUT', '/v1/nodes/n1', { ...joined, body: asNode() });
    await ask('DELETE', '/v1/nodes/n1?force=true', admin);
    expect((await ask('POST', '/v1/nodes/n1/admit', admin)).status).toBe(204);
    expect((await ask('GET', '/v1/nodes', joined)).status).toBe(200);
    expect((await ask('GET', '/v1/nodes', stolen)).status).toBe(403);
    expect((await renew(stolen)).status).toBe(403);
  });

  it('of which the store knows nothing any more is known by its key again once it has renewed', async () => {
    const joined = await joinBy(await newToken(), 'n1');
    cluster.write(cluster.keys.admission('n1'));
    await settled();
    expect((await renew(joined)).status).toBe(200);
    await settled();
    const other = await certificateOf({ nodeId: 'n1' });
    expect((await ask('GET', '/v1/nodes', other)).status).toBe(403);
    expect((await ask('GET', '/v1/nodes', joined)).status).toBe(200);
  });

  it('renews a certificate that ended less than a hold-down ago, and does nothing else by it', async () => {
    const key = generateKeyPair();
    const joined = await joinBy(await newToken(), 'n1', key);
    expect(joined.status).toBe(200);
    const ended = await certificateOf({ nodeId: 'n1' }, -1_000, key);
    expect((await ask('GET', '/v1/nodes', ended)).status).toBe(401);
    expect((await renew(ended)).status).toBe(200);
    const tooLate = await certificateOf({ nodeId: 'n1' }, -hourMs - 1_000, key);
    expect((await renew(tooLate)).status).toBe(401);
    const strangers = await Authority.open(await Authority.create('main', cluster.clock.wallMs()));
    authority = strangers;
    const forged = await certificateOf({ nodeId: 'n1' }, -1_000, key);
    authority = await Authority.open(texts);
    expect((await renew(forged)).status).toBe(401);
  });

  it('is told by each renewal of its registration who issues now', async () => {
    const joined = await joinBy(await newToken(), 'n1');
    const input = asNode();
    const registered = await ask('PUT', '/v1/nodes/n1', { ...joined, body: input });
    const grantIds = (registered.json['subnets'] as unknown as { grantId: string }[]).map(({ grantId }) => grantId);
    const renewal = { instance: input.instance, grantIds, attachments: 0, meshRevision: 0 };
    const renewed = await ask('POST', '/v1/nodes/n1/renewal', { ...joined, body: renewal });
    expect(renewed.json['authority']).toBe(authority.digest);
  });
});
