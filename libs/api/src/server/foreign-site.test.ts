/** What a browser is made to send by a page of somewhere else, and what it sends for a page of this server. */
import { silentLog } from '@wgcni/base';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isForeign } from './foreign-site.ts';
import { openServer } from './open-server.ts';

const here = 'https://m1:7001';
const sent = (change: Partial<Parameters<typeof isForeign>[0]>) =>
  isForeign({ method: 'POST', site: undefined, origin: undefined, asked: here, ...change });

describe('a request that changes something', () => {
  it.each([
    ['a program that is no browser', {}],
    ['a page of this server', { site: 'same-origin', origin: here }],
    ['a page of this server, in a browser that says no more than that', { origin: here }],
    ['a page of this server, which is written otherwise', { origin: 'https://M1:7001', asked: 'https://m1:7001' }],
    ['a page of this server at the usual port', { origin: 'https://m1', asked: 'https://m1:443' }],
    ['the person at the browser', { site: 'none' }],
  ])('is taken of %s', (_, change) => {
    expect(sent(change)).toBe(false);
  });

  it.each([
    ['another site', { site: 'cross-site', origin: 'https://evil.example' }],
    ['another site, whose browser hides where it comes from', { site: 'cross-site' }],
    ['another site, in a browser that says no more than that', { origin: 'https://evil.example' }],
    ['another port of this machine', { site: 'same-site', origin: 'https://m1:8443' }],
    ['the same name without TLS', { origin: 'http://m1:7001' }],
    ['a frame without an origin', { origin: 'null' }],
    ['two origins, one of which is ours', { origin: `${here}, https://evil.example` }],
    ['who says two things at once', { site: 'same-origin', origin: 'https://evil.example' }],
    ['a site of a kind that is not known', { site: 'near' }],
    ['another site, of a server whose name was not said', { origin: 'https://evil.example', asked: 'https://' }],
    ['a frame, of a server whose name was not said', { origin: 'null', asked: 'https://' }],
  ])('is refused of %s', (_, change) => {
    expect(sent(change)).toBe(true);
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) expect(sent({ ...change, method })).toBe(true);
    // The answer is for the browser alone, and nothing happens for it.
    for (const method of ['GET', 'HEAD']) expect(sent({ ...change, method })).toBe(false);
  });
});

describe('a server', () => {
  let app: FastifyInstance;
  let done = 0;
  const options = {
    ...{ title: 't', description: 't', version: '1', tags: [], bodyLimit: 1_024, log: silentLog },
    server: { url: here, description: 't' },
  };
  beforeAll(async () => {
    app = await openServer(options, (routes) => {
      routes.post('/v1/thing', async () => (done += 1));
    });
  });
  afterAll(() => app.close());

  const asks = (headers: Record<string, string>) => app.inject({ method: 'POST', url: '/v1/thing', headers });

  it('does nothing for a page of another site, and says why', async () => {
    const answer = await asks({ host: 'm1:7001', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' });
    expect([answer.statusCode, answer.json<object>()]).toMatchObject([403, { code: 'request.foreign' }]);
    expect(done).toBe(0);
  });

  it('goes by the name and port that it was asked as', async () => {
    expect((await asks({ host: 'm1:7001', origin: 'http://m1:7001' })).statusCode).toBe(200);
    expect((await asks({ host: 'm1:7001', origin: 'http://m1' })).statusCode).toBe(403);
    expect((await asks({})).statusCode).toBe(200);
    expect(done).toBe(2);
  });
});
