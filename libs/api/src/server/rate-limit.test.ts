/** Each client has a bucket of its own: what it asks beyond it is 429 with Retry-After, and nobody else notices. */
import { silentLog } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import { describe, expect, it } from 'vitest';
import { clientOf } from './client-of.ts';
import { openServer } from './open-server.ts';
import { TokenBuckets } from './rate-limit.ts';

async function server(clock: ManualClock) {
  const rate = {
    ...{ rate: { ratePerSec: 2, rateBurst: 5 }, clock },
    clientOf: ({ headers }: { headers: Record<string, unknown> }) => ({
      client: String(headers['x-client']),
      share: headers['x-share'] === undefined ? 1 : 3,
    }),
  };
  const options = {
    ...{ title: 't', description: 'd', version: '1', server: { url: 'http://localhost', description: 'd' }, tags: [] },
    ...{ bodyLimit: 4_096, rate, log: silentLog },
  };
  return openServer(options, (app) => app.put('/echo', { schema: { hide: true } }, async ({ body }) => body));
}

describe('a client that asks too often', () => {
  it('is refused until its bucket has filled, and told when; another is served', async () => {
    const clock = new ManualClock();
    const app = await server(clock);
    const ask = (client: string, url = '/echo') =>
      app.inject({ method: 'PUT', url, headers: { 'x-client': client }, payload: { a: 1 } });
    for (let index = 0; index < 5; index += 1) expect((await ask('greedy')).statusCode).toBe(200);
    const refused = await ask('greedy');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '1']);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(refused.json()).toMatchObject({
      code: 'request.too-many',
      retryable: true,
      remedy: expect.stringContaining('1 s'),
    });
    expect((await ask('greedy', '/nowhere')).statusCode, 'what is not there is counted too').toBe(429);
    expect((await ask('modest')).statusCode).toBe(200);
    await clock.advance(1_000);
    expect([(await ask('greedy')).statusCode, (await ask('greedy')).statusCode]).toEqual([200, 200]);
    expect((await ask('greedy')).statusCode).toBe(429);
    await app.close();
  });

  it('is refused before its body is read', async () => {
    const clock = new ManualClock();
    const app = await server(clock);
    const ask = () =>
      app.inject({
        method: 'PUT',
        url: '/echo',
        headers: { 'x-client': 'a', 'content-type': 'application/json' },
        payload: '{',
      });
    for (let index = 0; index < 5; index += 1) expect((await ask()).statusCode).toBe(400);
    expect((await ask()).statusCode).toBe(429);
    await app.close();
  });

  it('may ask more when it speaks for others', async () => {
    const app = await server(new ManualClock());
    const ask = () =>
      app.inject({ method: 'PUT', url: '/echo', headers: { 'x-client': 'b', 'x-share': 'y' }, payload: {} });
    for (let index = 0; index < 15; index += 1) expect((await ask()).statusCode).toBe(200);
    expect((await ask()).statusCode).toBe(429);
    await app.close();
  });
});

describe('buckets', () => {
  it('of those who come once are forgotten: a client with many addresses takes no memory', async () => {
    const clock = new ManualClock();
    const buckets = new TokenBuckets({ rate: { ratePerSec: 10, rateBurst: 20 }, clock });
    for (let index = 0; index < 50_000; index += 1) {
      buckets.take(`c${index}`);
      if (index % 1_000 === 0) await clock.advance(500);
    }
    expect(buckets.size).toBeLessThan(20_000);
  });

  it('follow a rate that changes, and are none at a rate of 0', async () => {
    const clock = new ManualClock();
    const rate = { ratePerSec: 0, rateBurst: 2 };
    const buckets = new TokenBuckets({ rate, clock });
    for (let index = 0; index < 10; index += 1) expect(buckets.take('a')).toBeUndefined();
    rate.ratePerSec = 1;
    expect([buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([undefined, undefined, 1]);
    rate.rateBurst = 9;
    await clock.advance(9_000);
    for (let index = 0; index < 9; index += 1) expect(buckets.take('a')).toBeUndefined();
    expect(buckets.take('a')).toBeDefined();
  });
});

describe('one client', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('is %s by %s', (address, client) => {
    expect(clientOf(address)).toBe(client);
  });
});
