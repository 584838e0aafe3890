/** Where a node-manager listens without credentials, and what becomes of a connection of which nobody says whose it is. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventRing } from '@wgcni/api/server';
import { Secret, silentLog, systemClock, systemRandom } from '@wgcni/base';
import { checkCredentials, type CredentialSource } from '@wgcni/pki';
import { TestAuthority } from '@wgcni/testing/pki';
import type { FastifyInstance } from 'fastify';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { FakeNode } from '../attachments/fake-node.ts';
import { Entrances } from './entrances.ts';
import { closeServer, listenOnTcp, openTrusted, portOf } from './open-server.ts';

let node: FakeNode;
let directory: string;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  node = await FakeNode.make();
  directory = await mkdtemp(join(tmpdir(), 'wgcni-serve-'));
  ends.push(() => rm(directory, { recursive: true }));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await node.close();
});

async function open(entrances: Entrances): Promise<FastifyInstance> {
  const unasked = (): never => {
    throw new Error('not asked for here');
  };
  const attachments = await node.start();
  const { clock } = node;
  const events = new EventRing({ clock, random: systemRandom, log: silentLog });
  const deps = { version: '1', attachments, clock, log: silentLog, events, status: unasked, judgement: unasked };
  const app = await buildApp({ ...deps, entrances });
  ends.push(() => app.close());
  return app;
}

/** Serves on TCP, and answers the port. */
async function listen(entrances: Entrances, host: string): Promise<number> {
  const app = await open(entrances);
  const server = await listenOnTcp((req, res) => app.routing(req, res), { host, port: 0 }, entrances);
  ends.push(() => closeServer(server));
  return portOf(server);
}

async function credentials(): Promise<CredentialSource> {
  const authority = await TestAuthority.create();
  const { cert, key } = await authority.issue({ uris: ['wgcni://main/node/n1'] });
  const paths = { use: 'tls' as const, cert: 'c', key: 'k', ca: 'a' };
  const current = checkCredentials(paths, { cert, key: new Secret(key), ca: authority.ca });
  return { current, onChange: () => () => {} };
}

const unnamed = (source?: CredentialSource): Entrances => new Entrances('main', systemClock, source);

it('whoever reaches the socket is let in', async () => {
  const entrances = unnamed(await credentials());
  const app = await open(entrances);
  const server = openTrusted((req, res) => app.routing(req, res), entrances);
  const path = join(directory, 'node.sock');
  await once(server.listen(path), 'listening');
  const local = new Agent({ connect: { socketPath: path } });
  ends.push(
    () => closeServer(server),
    () => local.destroy(),
  );
  expect((await request('http://localhost/v1/attachments', { dispatcher: local })).statusCode).toBe(200);
});

describe('without credentials', () => {
  it('whoever is on this machine is let in on loopback', async () => {
    const port = await listen(unnamed(), '127.0.0.1');
    expect((await request(`http://127.0.0.1:${port}/v1/attachments`)).statusCode).toBe(200);
  });

  it('no address is listened on that others reach', async () => {
    await expect(listen(unnamed(), '0.0.0.0')).rejects.toMatchObject({ code: 'config.invalid', field: '--listen' });
  });
});

it('with credentials, TCP is not served in the clear', async () => {
  const port = await listen(unnamed(await credentials()), '127.0.0.1');
  await expect(request(`http://127.0.0.1:${port}/v1/attachments`)).rejects.toThrow();
});

it.each([
  ['with', credentials],
  ['without', async () => undefined],
])('a connection of no server of ours is refused, %s credentials', async (_, made) => {
  const app = await open(unnamed(await made()));
  const foreign = createServer((req, res) => app.routing(req, res)).listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  ends.push(() => closeServer(foreign));
  const answer = await request(`http://127.0.0.1:${portOf(foreign)}/v1/attachments`);
  expect([answer.statusCode, await answer.body.json()]).toMatchObject([401, { code: 'identity.missing' }]);
});
