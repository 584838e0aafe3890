/** A request for what is not there is told so, whatever else is wrong with it. */
import { silentLog } from '@wgcni/base';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openServer } from './open-server.ts';

let app: FastifyInstance;

beforeEach(async () => {
  const options = {
    ...{ title: 't', description: 'd', version: '1', server: { url: 'http://localhost', description: 'd' }, tags: [] },
    ...{ bodyLimit: 4_096, log: silentLog },
  };
  app = await openServer(options, (server) => server.get('/here', { schema: { hide: true } }, async () => 'here'));
});
afterEach(() => app.close());

const noJson = { headers: { 'content-type': 'application/json' }, payload: '{' };

it.each([
  ['a method that must have a content-type, without one', { method: 'QUERY', url: '/here' }, 405],
  ['a method that is not there, with no JSON', { method: 'PUT', url: '/here', ...noJson }, 405],
  ['a path that is not there, with no JSON', { method: 'PUT', url: '/nowhere', ...noJson }, 404],
])('%s', async (_, { method, ...more }, status) => {
  const answer = await app.inject({ ...more, method: method as 'GET' });
  const code = status === 405 ? 'method.unknown' : 'route.unknown';
  expect([answer.statusCode, answer.json()]).toMatchObject([status, { code }]);
  expect(answer.headers['allow']).toBe(status === 405 ? 'GET, HEAD' : undefined);
});
