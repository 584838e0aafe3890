/** Uses the client that openapi-typescript and openapi-fetch make of cluster-manager.yaml: node cluster-manager.mts URL. */
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { paths } from './cluster-manager-api.d.ts';

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '' });
const publicKey = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
const name = 'phone-typescript';

const { data: nodes } = await client.GET('/v1/nodes', { params: { query: { limit: 10 } } });
assert.deepEqual(
  nodes?.items.map(({ nodeId }) => nodeId),
  ['node-1', 'node-2'],
);

const { data: network, response } = await client.GET('/v1/network');
assert.deepEqual(
  network?.pools.map(({ cidr }) => cidr),
  ['10.64.0.0/20', 'fd64::/60'],
);
assert.equal(response.headers.get('etag'), `"${network?.revision}"`);

const { data: taken } = await client.PUT('/v1/clients/{name}', { params: { path: { name } }, body: { publicKey } });
assert.match(taken?.addresses[0] ?? '', /^10\.80\.0\./);
const { response: removed } = await client.DELETE('/v1/clients/{name}', { params: { path: { name } } });
assert.equal(removed.status, 204);
const { error: problem } = await client.GET('/v1/clients/{name}', { params: { path: { name } } });
assert.equal(problem?.code, 'client.unknown');

console.log('cluster-manager, TypeScript: nodes listed, network read, a client taken in and removed, a refusal read');
