/** Which answers make the client ask another replica. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createManagerClient, type ManagerClient } from './client.ts';

const servers: Server[] = [];
let client: ManagerClient;
afterEach(async () => {
  await client.close();
  for (const server of servers.splice(0)) server.close();
});

/** A replica that always answers so; its URL, and how often it was asked. */
async function replica(status: number, body: object): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

/** What the server of a replica says by itself while it closes. */
const closing = { error: 'Service Unavailable', code: 'Service Unavailable', message: '', statusCode: 503 };
const stranger = { code: 'identity.missing', status: 401, detail: 'show a certificate of this cluster' };
const nobody = { leader: null, term: null };

it('asks the next replica when one is closing', async () => {
  const [first, second] = [await replica(503, closing), await replica(200, nobody)];
  client = createManagerClient({ urls: [first.url, second.url] });
  expect(await client.leader()).toEqual(nobody);
  expect([first.asked(), second.asked()]).toEqual([1, 1]);
});

it('asks nobody else after an answer that means nothing', async () => {
  const [first, second] = [await replica(500, closing), await replica(200, nobody)];
  client = createManagerClient({ urls: [first.url, second.url] });
  await expect(client.leader()).rejects.toMatchObject({ code: 'internal.failed' });
  expect([first.asked(), second.asked()]).toEqual([1, 0]);
});

it('asks the next replica when one does not know us, and that one first from then on', async () => {
  const [first, second] = [await replica(401, stranger), await replica(200, nobody)];
  client = createManagerClient({ urls: [first.url, second.url] });
  expect(await client.leader()).toEqual(nobody);
  expect(await client.leader()).toEqual(nobody);
  expect([first.asked(), second.asked()]).toEqual([1, 2]);
});

it('asks each replica once when nobody knows us', async () => {
  const replicas = [await replica(401, stranger), await replica(401, stranger), await replica(401, stranger)];
  client = createManagerClient({ urls: replicas.map(({ url }) => url) });
  await expect(client.leader()).rejects.toMatchObject({ code: 'identity.missing' });
  expect(replicas.map(({ asked }) => asked())).toEqual([1, 1, 1]);
});

it('says that it is not known, rather than wait for one that is closing', async () => {
  const replicas = [await replica(401, stranger), await replica(503, closing)];
  client = createManagerClient({ urls: replicas.map(({ url }) => url) });
  await expect(client.leader()).rejects.toMatchObject({ code: 'identity.missing' });
  expect(replicas.map(({ asked }) => asked())).toEqual([1, 1]);
});

it('reads a text with its tag, and nothing while that tag holds', async () => {
  const file = '# laptop\n[Interface]\n';
  const server = createServer(({ url, headers }, response) => {
    const isKnown = headers['if-none-match'] === '"t1"';
    const told = { etag: '"t1"', 'content-type': 'text/plain; charset=utf-8' };
    if (url !== '/v1/clients/laptop/config?family=6') response.writeHead(500).end();
    else if (isKnown) response.writeHead(304, told).end();
    else response.writeHead(200, told).end(file);
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  client = createManagerClient({ urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] });
  expect(await client.clientConfig('laptop', { family: '6' })).toEqual({ text: file, etag: '"t1"' });
  expect(await client.clientConfig('laptop', { family: '6', known: '"t1"' })).toBeUndefined();
  await expect(client.clientConfig('laptop')).rejects.toMatchObject({ code: 'internal.failed' });
});

it.each([
  ['one that may have been made', 504, 'outcome.unknown', { cause: { code: 'outcome.unknown' } }],
  ['none', 404, 'node.unknown', { cause: undefined }],
])('says of a refusal after which try it came: %s', async (_, status, code, more) => {
  const refusal = { code: 'node.unknown', status: 404, detail: 'no n1', field: 'via' };
  const [first, second] = [await replica(status, { ...refusal, code, status }), await replica(404, refusal)];
  client = createManagerClient({ urls: [first.url, second.url] });
  const refused: unknown = await client.putClient('laptop', { publicKey: '' }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'node.unknown', message: 'no n1', field: 'via' });
  expect({ cause: (refused as Error).cause }).toMatchObject(more);
});

it('asks those that it was told of last, also in a call that finds nobody', async () => {
  const [first, second] = [await replica(503, closing), await replica(200, nobody)];
  client = createManagerClient({ urls: [first.url] });
  const asked = client.leader();
  await expect.poll(() => first.asked()).toBeGreaterThan(0);
  client.useUrls([second.url]);
  expect(await asked).toEqual(nobody);
  const before = first.asked();
  expect(await client.leader()).toEqual(nobody);
  expect([first.asked(), second.asked()]).toEqual([before, 2]);
});
