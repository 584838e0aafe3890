/** On real sockets: a slow client and a greedy one are ended or refused, and all others are answered meanwhile. */
import { silentLog } from '@wgcni/base';
import type { FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ServerLimits, usualLimits } from './limits.ts';
import { openServer } from './open-server.ts';
import { WireClient } from './wire-client.ts';

const limits: ServerLimits = {
  headerBytes: 2_048,
  headersMs: 700,
  requestMs: 1_000,
  keepAliveMs: 150,
  idleMs: 1_600,
  pipelined: 4,
  connections: 200,
  connectionsPerClient: 10,
};
/** Others wait no longer than this, in milliseconds, on a machine that does much else. */
const promptMs = 1_000;
/** A timeout is noticed half of `headersMs` later, and the client given time to read why. */
const noticedMs = 1_500;

let app: FastifyInstance;
let port: number;
let clients: WireClient[];
/** How often /counted was answered. */
let made = 0;

beforeEach(async () => {
  clients = [];
  const options = {
    ...{ title: 't', description: 'd', version: '1', server: { url: 'http://localhost', description: 'd' }, tags: [] },
    ...{ bodyLimit: 4_096, limits, log: silentLog },
  };
  app = await openServer(options, (server) => {
    server.put('/echo', { schema: { hide: true } }, async ({ body }) => body);
    server.get('/large', { schema: { hide: true } }, async () => large);
    server.get('/counted', { schema: { hide: true } }, async () => String((made += 1)));
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = app.server.address() as AddressInfo);
});
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await app.close();
});

function client(localAddress?: string): WireClient {
  const made = new WireClient(port, localAddress);
  clients.push(made);
  return made;
}

/** Somebody else, at another address, asks once. */
async function askElsewhere(): Promise<{ status: number; ms: number }> {
  const agent = new Agent({ localAddress: '127.0.0.2' });
  const startedAt = performance.now();
  const answer = await request(`http://127.0.0.1:${port}/echo`, {
    ...{ method: 'PUT', dispatcher: agent, headers: { 'content-type': 'application/json' }, body: '{"a":1}' },
  });
  await answer.body.dump();
  await agent.destroy();
  return { status: answer.statusCode, ms: performance.now() - startedAt };
}

/** Every connection is closed at the latest after that long. */
async function expectNoneOpen(withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  const count = (): Promise<number> =>
    new Promise((resolve) => app.server.getConnections((_, connections) => resolve(connections)));
  while ((await count()) > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await count()).toBe(0);
}

async function expectOthersServed(): Promise<void> {
  const { status, ms } = await askElsewhere();
  expect(status).toBe(200);
  expect(ms).toBeLessThan(promptMs);
}

/** More than the kernel keeps for a connection. */
const large = 'x'.repeat(16 * 1_024 * 1_024);

const head = 'PUT /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

describe('a slow client', () => {
  const kinds: readonly [string, (slow: WireClient) => void][] = [
    ['says nothing', () => undefined],
    ['lets its headers drip in', (slow) => void slow.drip(`${head}content-length: 10\r\n`.padEnd(2_000, 'x'), 20)],
    ['stops in the middle of its headers', (slow) => slow.socket.write(head)],
    ['lets its body drip in', (slow) => void slow.drip(`${head}content-length: 900\r\n\r\n`.padEnd(1_000, '1'), 20)],
    ['stops in the middle of its body', (slow) => slow.socket.write(`${head}content-length: 9\r\n\r\n{"a"`)],
    ['sends chunks without an end', (slow) => void slow.drip(`${head}transfer-encoding: chunked\r\n\r\n1\r\n`, 2)],
  ];

  it('is told why and cut off, whatever it is slow with, and others are served meanwhile', async () => {
    const slow = kinds.flatMap(([what, begin], index) =>
      Array.from({ length: limits.connectionsPerClient }, () => ({ what, begin, one: client(`127.0.1.${index}`) })),
    );
    await Promise.all(slow.map(({ one }) => one.connected()));
    for (const { begin, one } of slow) begin(one);
    await expectOthersServed();
    for (const { what, one } of slow) {
      expect(await one.closedAfterMs, what).toBeLessThan(limits.requestMs + noticedMs);
      const { status, problem } = await one.answer();
      expect([status, problem['code']], what).toEqual([408, 'request.too-slow']);
      expect(String(problem['remedy'])).toMatch(/\w{3}/);
    }
  });

  it('that keeps its connection after an answer is cut off when it asks nothing more', async () => {
    const idle = client();
    idle.socket.write(`${head}content-length: 7\r\n\r\n{"a":1}`);
    // Node adds a second, for a request that is on its way.
    expect(await idle.closedAfterMs).toBeLessThan(limits.keepAliveMs + 1_000 + noticedMs);
    expect(idle.received).toContain('HTTP/1.1 200');
  });

  it('that does not read what it asked for is cut off', async () => {
    const deaf = client();
    await deaf.connected();
    deaf.socket.pause();
    deaf.socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
    await expectOthersServed();
    // Node waits a second time when the kernel took something in between.
    await expectNoneOpen(2 * limits.idleMs + noticedMs);
  });
});

describe('a greedy client', () => {
  it('has no more connections than its share, and others are served meanwhile', async () => {
    const greedy = Array.from({ length: limits.connections * 2 }, () => client());
    await Promise.allSettled(greedy.map((one) => one.connected()));
    await expectOthersServed();
    expect(greedy.filter((one) => one.isOpen).length).toBeLessThanOrEqual(limits.connectionsPerClient);
    // What it gives back it can have again.
    for (const { socket } of greedy) socket.destroy();
    await Promise.all(greedy.map(({ closedAfterMs }) => closedAfterMs));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const again = client();
    again.socket.write(`${head}content-length: 7\r\nconnection: close\r\n\r\n{"a":1}`);
    await again.closedAfterMs;
    expect(again.received).toContain('HTTP/1.1 200');
  });

  it('that asks a thousand times in one piece is cut off before a thousand answers are made', async () => {
    made = 0;
    const one = client();
    await one.connected();
    one.socket.pause();
    one.socket.write('GET /counted HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1_000));
    await expectOthersServed();
    await expectNoneOpen(noticedMs);
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThanOrEqual(limits.pipelined);
  });

  it.each<[string, string, number, string]>([
    ['headers', `${head}x: ${'y'.repeat(4_000)}\r\n\r\n`, 431, 'headers.too-large'],
    ['a path', `GET /${'y'.repeat(4_000)} HTTP/1.1\r\n\r\n`, 431, 'headers.too-large'],
    ['an announced body', `${head}connection: close\r\ncontent-length: 5000\r\n\r\n`, 413, 'request.too-large'],
    [
      'a body in chunks',
      `${head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n1400\r\n${'y'.repeat(5_120)}\r\n0\r\n\r\n`,
      413,
      'request.too-large',
    ],
    ['bytes that are no request', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400, 'request.invalid'],
    ['two lengths', `${head}content-length: 1\r\ncontent-length: 2\r\n\r\n`, 400, 'request.invalid'],
  ])('that sends %s too large or wrong is refused with a problem document', async (_what, bytes, status, code) => {
    const one = client();
    one.socket.write(bytes, 'latin1');
    const answer = await one.answer();
    expect([answer.status, answer.problem['code']]).toEqual([status, code]);
    await expectOthersServed();
  });
});

describe('the usual limits', () => {
  it('leave one client a tenth of all connections at most, and let no answer outlast its connection', () => {
    expect(usualLimits.connectionsPerClient * 10).toBeLessThanOrEqual(usualLimits.connections);
    expect(usualLimits.headersMs).toBeLessThanOrEqual(usualLimits.requestMs);
    expect(usualLimits.requestMs + 1_000).toBeLessThan(usualLimits.idleMs);
  });
});
