/** The client of the node-manager's unix socket: answers, problems, and nobody there. */
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeClient } from './client.ts';

describe('the node client', () => {
  let directory: string;
  let server: Server;
  let asked: string[];
  let answer: { status: number; body: string };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wgcni-client-'));
    asked = [];
    answer = { status: 200, body: '{}' };
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(join(directory, 's.sock'), resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });

  it('asks over a unix socket and hands the answer back', async () => {
    answer.body = JSON.stringify({ nodeId: 'node-1' });
    const client = createNodeClient({ socketPath: join(directory, 's.sock') });
    expect(await client.status()).toEqual({ nodeId: 'node-1' });
    await client.attachments({ limit: 5, after: 'a/b' });
    await client.attachment({ network: 'mesh', containerId: 'c1', ifName: 'eth0' });
    expect(asked).toEqual([
      'GET /v1/status',
      'GET /v1/attachments?limit=5&after=a%2Fb',
      'GET /v1/attachments/mesh/c1/eth0',
    ]);
    await client.close();
  });

  it('throws what a problem document says', async () => {
    answer = { status: 503, body: JSON.stringify({ code: 'node.fenced', detail: 'no contact', remedy: 'wait' }) };
    const client = createNodeClient({ socketPath: join(directory, 's.sock') });
    await expect(client.status()).rejects.toMatchObject({ code: 'node.fenced', message: 'no contact', remedy: 'wait' });
    await client.close();
  });

  it('says where nobody answered', async () => {
    const client = createNodeClient({ socketPath: join(directory, 'absent.sock') });
    const refusal = { code: 'node-manager.unreachable', message: expect.stringContaining('absent.sock') };
    await expect(client.status()).rejects.toMatchObject(refusal);
    await client.close();
  });

  it('refuses a URL that is none', () => {
    expect(() => createNodeClient({ url: 'nowhere' })).toThrow(/"nowhere" is not a URL/);
  });
});
