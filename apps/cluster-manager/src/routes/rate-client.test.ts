/** One client of a replica that asks too often is refused; other addresses, and other replicas that forward, are not. */
import { forwardedHeader } from '@wgcni/api/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { TestCluster } from '../testing/cluster.ts';
import { rateClientOf } from './rate-client.ts';

describe('the rate of one client', () => {
  let cluster: TestCluster;
  let app: Awaited<ReturnType<typeof buildApp>>;
  beforeAll(async () => {
    cluster = new TestCluster();
    const { replica } = await cluster.startWithNetwork();
    app = await buildApp(replica, undefined, { ratePerSec: 1, rateBurst: 3, connections: 10, connectionsPerClient: 5 });
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

  it('is counted by its address, an IPv6 one by its /64; what replicas forward is counted apart', async () => {
    expect(await askTimes(10, '192.0.2.9')).toBe(3);
    expect(await askTimes(2, '192.0.2.8')).toBe(2);
    expect([await ask('2001:db8::1'), await ask('2001:db8::2'), await ask('2001:db8::3')]).toEqual([200, 200, 200]);
    expect([await ask('2001:db8::4'), await ask('2001:db8:0:1::4')]).toEqual([429, 200]);
    expect(await askTimes(100, '192.0.2.9', { [forwardedHeader]: 'm2' })).toBe(60);
    await cluster.pass(2_000);
    expect(await askTimes(10, '192.0.2.9')).toBe(2);
  });

  it('of one who forges the mark of a replica is bounded too', () => {
    const { client, share } = rateClientOf({ ip: '192.0.2.9', headers: { [forwardedHeader]: 'anything' } });
    expect([client, share]).toEqual(['replica 192.0.2.9', 20]);
  });
});
