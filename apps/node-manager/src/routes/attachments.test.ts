/** The REST surface of attachments and addresses, over the whole server. */
import { EventRing } from '@wgcni/api/server';
import { silentLog, systemRandom } from '@wgcni/base';
import { systemKeys } from '@wgcni/wg';
import type { FastifyInstance } from 'fastify';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import type { Attachments } from '../attachments/attachments.ts';
import { FakeNode } from '../attachments/fake-node.ts';

let node: FakeNode;
let attachments: Attachments;
let app: FastifyInstance;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  const unasked = (): never => {
    throw new Error('not asked for here');
  };
  app = await buildApp({
    version: '1',
    attachments,
    clock: node.clock,
    log: silentLog,
    events: new EventRing({ clock: node.clock, random: systemRandom, log: silentLog }),
    entrances: undefined,
    status: unasked,
    judgement: unasked,
  });
});
afterEach(async () => {
  await app.close();
  await node.close();
});

const path = '/v1/attachments/mesh/c1/eth0';
const add = (body: object = { netns: node.namespace('one'), deadlineMs: 5_000 }) =>
  app.inject({ method: 'PUT', url: path, payload: body });

describe('attachments over REST', () => {
  it('live from PUT to DELETE', async () => {
    const added = await add();
    expect([added.statusCode, added.json()]).toMatchObject([
      200,
      { state: 'attached', addresses: [{ address: '10.64.3.2/32' }, {}] },
    ]);
    const answered = await app.inject({ method: 'POST', url: `${path}/answered` });
    expect([answered.statusCode, answered.body]).toEqual([204, '']);
    expect((await app.inject({ url: path })).json()).toMatchObject({ state: 'answered' });
    const check = { netns: '/run/netns/one', addresses: ['10.64.3.2/32'] };
    expect((await app.inject({ method: 'POST', url: `${path}/check`, payload: check })).statusCode).toBe(204);
    for (const query of ['', '?netns=/run/netns/one', '?queuedAt=2020-01-01T00:00:00.000Z']) {
      expect((await app.inject({ method: 'DELETE', url: `${path}${query}` })).statusCode).toBe(204);
    }
    const gone = await app.inject({ url: path });
    expect([gone.statusCode, gone.json()]).toMatchObject([404, { code: 'attachment.unknown' }]);
  });

  it('outlive a deletion that began before them, by the monotonic clock where the request has it', async () => {
    await add();
    const old = '?queuedAt=2020-01-01T00:00:00.000Z';
    const statusAfter = async (query: string): Promise<number> => {
      expect((await app.inject({ method: 'DELETE', url: `${path}${query}` })).statusCode).toBe(204);
      return (await app.inject({ url: path })).statusCode;
    };
    expect(await statusAfter(old)).toBe(200);
    expect(await statusAfter(`${old}&bootId=${node.bootId}&uptimeMs=${node.clock.monotonicMs()}.125`)).toBe(404);
  });

  it('are listed in pages', async () => {
    for (const name of ['c', 'a', 'b']) {
      const body = { netns: node.namespace(name), deadlineMs: 5_000 };
      await app.inject({ method: 'PUT', url: `/v1/attachments/mesh/${name}/eth0`, payload: body });
    }
    const first = (await app.inject({ url: '/v1/attachments?limit=2' })).json();
    expect(first).toMatchObject({ items: [{ containerId: 'a' }, { containerId: 'b' }], next: 'mesh/b/eth0' });
    const rest = (await app.inject({ url: `/v1/attachments?after=${encodeURIComponent(first.next)}` })).json();
    expect(rest).toMatchObject({ items: [{ containerId: 'c' }], next: null });
  });

  it('are collected', async () => {
    await add();
    const collected = await app.inject({
      method: 'POST',
      url: '/v1/networks/mesh/gc',
      payload: { valid: [], force: true },
    });
    expect(collected.json()).toEqual({ removed: [{ containerId: 'c1', ifName: 'eth0' }], kept: [] });
  });

  const body = { netns: '/one', deadlineMs: 1 };
  const bad: [string, { method?: 'POST' | 'DELETE'; url?: string; payload?: object }, string][] = [
    ['a relative namespace', { payload: { netns: 'one', deadlineMs: 1 } }, 'netns'],
    ['no deadline', { payload: { netns: '/one' } }, 'deadlineMs'],
    ['a deadline of 0', { payload: { netns: '/one', deadlineMs: 0 } }, 'deadlineMs'],
    ['a field that is not known', { payload: { ...body, mac: 'x' } }, 'mac'],
    ['a container id that climbs', { url: '/v1/attachments/mesh/..%2Fx/eth0', payload: body }, 'containerId'],
    ['a long interface name', { url: '/v1/attachments/mesh/c1/sixteencharacter', payload: body }, 'ifName'],
    ['a check without addresses', { method: 'POST', url: `${path}/check`, payload: { netns: '/one' } }, 'addresses'],
    ['a GC without a list', { method: 'POST', url: '/v1/networks/mesh/gc', payload: {} }, 'valid'],
    ['an instant that is none', { method: 'DELETE', url: `${path}?queuedAt=yesterday` }, 'queuedAt'],
    ['an uptime that is none', { method: 'DELETE', url: `${path}?uptimeMs=1e3` }, 'uptimeMs'],
  ];
  it.each(bad)('refuse %s, naming the field', async (_, call, field) => {
    const refused = await app.inject({ method: 'PUT', url: path, ...call });
    expect([refused.statusCode, refused.json()]).toMatchObject([
      400,
      { code: 'request.invalid', field: expect.stringContaining(field) },
    ]);
    expect(attachments.list()).toEqual([]);
  });
});

describe('a caller that closes the connection', () => {
  it('has its ADD rolled back', async () => {
    const socketPath = join(node.dataDir, 'n.sock');
    await app.listen({ path: socketPath });
    const call = request({ socketPath, path, method: 'PUT', headers: { 'content-type': 'application/json' } });
    call.on('error', () => undefined);
    // The kernel is slow enough for the caller to lose patience.
    node.failCall = (name) => {
      if (name === 'devices.create') call.destroy();
    };
    node.devices.settle = () => new Promise((resolve) => setTimeout(() => resolve(true), 100));
    call.end(JSON.stringify({ netns: node.namespace('one'), deadlineMs: 5_000 }));
    await expect.poll(() => node.calls.includes('devices.remove')).toBe(true);
    await expect.poll(() => attachments.counts().total).toBe(0);
    expect(await node.allowed()).toEqual([]);
  });
});

describe('an ADD that is undone late', () => {
  it('leaves alone what the next ADD of the same key has made, and cannot confirm it', async () => {
    const netns = node.namespace('one');
    await add({ netns, deadlineMs: 5_000, attempt: 'first' });
    await add({ netns, deadlineMs: 5_000, attempt: 'second' });
    const undone = await app.inject({ method: 'DELETE', url: `${path}?attempt=first` });
    const confirmed = await app.inject({ method: 'POST', url: `${path}/answered?attempt=first` });
    expect([undone.statusCode, confirmed.statusCode, attachments.counts().total]).toEqual([204, 404, 1]);
    expect((await app.inject({ method: 'POST', url: `${path}/answered?attempt=second` })).statusCode).toBe(204);
    await app.inject({ method: 'DELETE', url: `${path}?attempt=second` });
    expect(attachments.counts().total).toBe(0);
  });

  it('is undone by the node-manager when the connection closes between the last step and the answer', async () => {
    const closing = new AbortController();
    const limits = { signal: closing.signal, deadlineAt: node.clock.monotonicMs() + 5_000 };
    const key = { network: 'mesh', containerId: 'c1', ifName: 'eth0' };
    await attachments.attach(key, { netns: node.namespace('one'), deadlineMs: 5_000 }, limits);
    closing.abort();
    await expect.poll(() => attachments.counts().total).toBe(0);
    expect(await node.allowed()).toEqual([]);
  });
});

describe('addresses over REST', () => {
  it('go through the three steps', async () => {
    const url = '/v1/addresses/vm-1';
    expect((await app.inject({ method: 'PUT', url, payload: {} })).json()).toMatchObject({
      name: 'vm-1',
      publicKey: null,
      expiresInSec: 300,
    });
    const { publicKey } = systemKeys.generate();
    expect((await app.inject({ method: 'PUT', url: `${url}/key`, payload: { publicKey } })).json()).toMatchObject({
      publicKey,
      expiresInSec: null,
    });
    expect((await app.inject({ url: `${url}/peers` })).json()).toMatchObject({
      items: [{ publicKey: node.podsKey.publicKey, mtu: 1420 }],
    });
    expect((await app.inject({ url: '/v1/addresses' })).json()).toMatchObject({
      items: [{ name: 'vm-1' }],
      next: null,
    });
    expect((await app.inject({ method: 'DELETE', url })).statusCode).toBe(204);
    expect((await app.inject({ url: `${url}/peers` })).json()).toMatchObject({ code: 'address.unknown' });
  });

  it('refuse a key that is none', async () => {
    await app.inject({ method: 'PUT', url: '/v1/addresses/vm-1', payload: {} });
    const refused = await app.inject({ method: 'PUT', url: '/v1/addresses/vm-1/key', payload: { publicKey: 'x' } });
    expect(refused.json()).toMatchObject({ code: 'request.invalid', field: 'publicKey' });
  });
});
