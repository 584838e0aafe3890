/** Uses the client that openapi-typescript and openapi-fetch make of node-manager.yaml: node node-manager.mts URL. */
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { paths } from './node-manager-api.d.ts';

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '' });
const path = { network: 'mesh', containerId: 'typescript', ifName: 'eth0' };
const where = '/v1/attachments/{network}/{containerId}/{ifName}';

const { data: status } = await client.GET('/v1/status');
assert.deepEqual([status?.nodeId, status?.readiness], ['node-1', 'ready']);

const body = { netns: '/run/netns/one', deadlineMs: 10_000 };
const { data: attached } = await client.PUT(where, { params: { path }, body });
assert.equal(attached?.state, 'attached');
assert.match(attached?.addresses[0]?.address ?? '', /^10\.64\.1\.[0-9]+\/32$/);
const { data: page } = await client.GET('/v1/attachments');
assert.ok(page?.items.some(({ containerId }) => containerId === path.containerId));

const { response: detached } = await client.DELETE(where, { params: { path } });
assert.equal(detached.status, 204);
const { error: problem } = await client.GET(where, { params: { path } });
assert.equal(problem?.code, 'attachment.unknown');

console.log('node-manager, TypeScript: status read, a container attached, listed and detached, a refusal read');
