/**
 * One client of a replica that asks too often is refused, and nobody else is. With TLS a client is a certificate, at whatever address:
 *
 *   greedy n1 ─┐
 *   modest n2 ─┼─ one address ──TLS──▶ m1
 *   stranger  ─┘
 */
import type { AddressInfo } from 'node:net';
import { forwardedHeader } from '@wgcni/api/server';
import { Secret } from '@wgcni/base';
import { checkCredentials, type CredentialSource, type Identity } from '@wgcni/pki';
import { TestAuthority } from '@wgcni/testing/pki';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { TestCluster } from '../testing/cluster.ts';
import { rateClientOf } from './rate-client.ts';

const limits = { ratePerSec: 1, rateBurst: 3, connections: 100, connectionsPerClient: 50 };

describe('the rate of one client', () => {
  let cluster: TestCluster;
  let app: Awaited<ReturnType<typeof buildApp>>;
  beforeAll(async () => {
    cluster = new TestCluster();
    const { replica } = await cluster.startWithNetwork();
    app = await buildApp(replica, undefined, limits);
  });
  afterAll(async () => {
    await app.close();
    await cluster.stop();
  });

  const ask = async (remoteAddress: string, headers: Record<string, string> = {}) => {
    const { statusCode } = await app.inject({ method: 'GET', url: '/v1/network', remoteAddress, headers });
    return statusCode;
  };
  const askTimes = async (times: number, ...from: Parameters<typeof ask>) => {
    const answers: number[] = [];
    for (let index = 0; index < times; index += 1) answers.push(await ask(...from));
    return answers.filter((status) => status === 200).length;
  };

  it('is counted by its address without TLS, an IPv6 one by its /64; what replicas forward is counted apart', async () => {
    expect(await askTimes(10, '192.0.2.9')).toBe(3);
    expect(await askTimes(2, '192.0.2.8')).toBe(2);
    expect([await ask('2001:db8::1'), await ask('2001:db8::2'), await ask('2001:db8::3')]).toEqual([200, 200, 200]);
    expect([await ask('2001:db8::4'), await ask('2001:db8:0:1::4')]).toEqual([429, 200]);
    expect(await askTimes(100, '192.0.2.9', { [forwardedHeader]: 'm2' })).toBe(60);
    await cluster.pass(2_000);
    expect(await askTimes(10, '192.0.2.9')).toBe(2);
  });
});

describe('whose a request is', () => {
  const node: Identity = { kind: 'node', cluster: 'main', nodeId: 'n1' };
  const manager: Identity = { kind: 'manager', cluster: 'main', replicaId: 'm2' };
  const ann: Identity = { kind: 'operator', cluster: 'main', role: 'admin', name: 'ann' };
  const mark = { [forwardedHeader]: 'm2' };
  const of = (identity: Identity | undefined, headers: Record<string, string> = {}, ip = '192.0.2.9') =>
    rateClientOf({ ip, headers }, identity === undefined ? { identity, why: 'no certificate' } : { identity });

  it('is said by its certificate, not by its address', () => {
    expect([of(node), of(node, {}, '192.0.2.8')]).toEqual(Array(2).fill({ client: 'wgcni://main/node/n1' }));
    expect(of(ann)).toEqual({ client: 'wgcni://main/operator/admin/ann' });
  });

  it('is said by its address without a certificate that is good, whatever it says of itself', () => {
    expect([of(undefined), of(undefined, mark)]).toEqual(Array(2).fill({ client: '192.0.2.9' }));
  });

  it('has the share of a replica when a manager forwards it, and of nobody else', () => {
    expect(of(manager, mark)).toEqual({ client: 'wgcni://main/manager/m2', share: 20 });
    expect(of(manager)).toEqual({ client: 'wgcni://main/manager/m2' });
    expect([of(node, mark), of(ann, mark)]).toEqual([
      { client: 'wgcni://main/node/n1' },
      { client: 'wgcni://main/operator/admin/ann' },
    ]);
  });

  it('has no more than that of a replica when the mark is forged without TLS', () => {
    expect(rateClientOf({ ip: '192.0.2.9', headers: mark }, undefined)).toEqual({
      client: 'replica 192.0.2.9',
      share: 20,
    });
  });
});

describe('over TLS, at one address', () => {
  let cluster: TestCluster;
  let app: Awaited<ReturnType<typeof buildApp>>;
  let authority: TestAuthority;
  const agents: Agent[] = [];
  const refused: string[] = [];
  beforeAll(async () => {
    authority = await TestAuthority.create();
    cluster = new TestCluster();
    const { replica } = await cluster.startWithNetwork();
    const { cert, key } = await authority.issue({ uris: ['wgcni://main/manager/m1'] });
    const paths = { use: 'tls' as const, cert: 'c', key: 'k', ca: 'a' };
    const current = checkCredentials(paths, { cert, key: new Secret(key), ca: authority.ca });
    const source: CredentialSource = { current, onChange: () => () => {} };
    app = await buildApp(replica, source, limits, { onRefusal: (code) => refused.push(code) });
    await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.destroy()));
    await app.close();
    await cluster.stop();
  });

  async function callerAs(uri: string | undefined): Promise<() => Promise<number>> {
    const shown = uri === undefined ? {} : await authority.issue({ uris: [uri] });
    const agent = new Agent({ connect: { ...shown, ca: authority.ca } });
    agents.push(agent);
    const url = `https://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1/network`;
    return async () => {
      const answer = await request(url, { dispatcher: agent });
      await answer.body.dump();
      return answer.statusCode;
    };
  }
  const times = async (count: number, ask: () => Promise<number>): Promise<number[]> => {
    const answers: number[] = [];
    for (let index = 0; index < count; index += 1) answers.push(await ask());
    return answers;
  };

  it('a certificate that asks too often is refused on any of its connections, and another one goes on', async () => {
    const [greedy, again, modest, stranger] = [
      await callerAs('wgcni://main/node/n1'),
      await callerAs('wgcni://main/node/n1'),
      await callerAs('wgcni://main/node/n2'),
      await callerAs(undefined),
    ];
    expect(await times(5, greedy)).toEqual([200, 200, 200, 429, 429]);
    expect(await times(2, again)).toEqual([429, 429]);
    expect(await times(3, modest)).toEqual([200, 200, 200]);
    expect(await times(4, stranger)).toEqual([401, 401, 401, 429]);
    expect(await times(1, await callerAs('wgcni://main/operator/read/rob'))).toEqual([200]);
    // For the metrics.
    await expect.poll(() => refused.filter((code) => code === 'request.too-many')).toHaveLength(5);
    expect(refused.filter((code) => code === 'identity.missing')).toHaveLength(3);
  });
});
