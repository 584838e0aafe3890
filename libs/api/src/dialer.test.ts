/** A client's connections follow its credentials, and no call notices. */
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Server as NetServer } from 'node:net';
import { Secret } from '@wgcni/base';
import { checkCredentials, type Credentials, SecureServer } from '@wgcni/pki';
import { TestAuthority } from '@wgcni/testing/pki';
import { request } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { Dialer } from './dialer.ts';

let end: (() => void) | undefined;
afterEach(() => end?.());

class Source {
  current: Credentials;
  #tell = (): void => {};

  constructor(current: Credentials) {
    this.current = current;
  }

  onChange(listener: () => void): () => void {
    this.#tell = listener;
    return () => (this.#tell = () => {});
  }

  renew(to: Credentials): void {
    this.current = to;
    this.#tell();
  }
}

async function credentials(authority: TestAuthority, uri: string): Promise<Credentials> {
  const { cert, key } = await authority.issue({ uris: [uri] });
  return checkCredentials(
    { use: 'tls', cert: 'c', key: 'k', ca: 'a' },
    { cert, key: new Secret(key), ca: authority.ca },
  );
}

/** A manager that answers with what `answer` says. */
async function serve(credentials: Credentials, answer: (secure: SecureServer) => RequestListener): Promise<Server> {
  const secure = new SecureServer(new Source(credentials));
  const server = secure.serve((incoming, response) => answer(secure)(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: NetServer): number => (server.address() as AddressInfo).port;

it('shows renewed credentials from the next call on; the one in flight ends on the connection that it began on', async () => {
  const authority = await TestAuthority.create();
  let finish = (): void => {};
  const asked: string[] = [];
  const server = await serve(await credentials(authority, 'wgcni://main/manager/m1'), (secure) => (req, res) => {
    const who = /node\/\w+/.exec(secure.peerOf(req.socket)?.subjectAltName ?? '')?.[0] ?? 'nobody';
    asked.push(`${req.url} ${who}`);
    if (req.url === '/slow') finish = () => res.end(who);
    else res.end(who);
  });
  const source = new Source(await credentials(authority, 'wgcni://main/node/before'));
  const dialer = new Dialer({ connectTimeoutMs: 1_000, answerTimeoutMs: 5_000 }, source);
  end = () => {
    void dialer.close();
    server.closeAllConnections();
    server.close();
  };
  const call = async (path: string): Promise<string> => {
    const url = `https://127.0.0.1:${portOf(server)}${path}`;
    return (await request(url, { dispatcher: dialer.agent })).body.text();
  };
  expect(await call('/1')).toBe('node/before');
  const slow = call('/slow');
  await expect.poll(() => asked).toContain('/slow node/before');
  source.renew(await credentials(authority, 'wgcni://main/node/after'));
  expect(await call('/2')).toBe('node/after');
  finish();
  expect(await slow).toBe('node/before');
});

/** Undici counts in steps of half a second. */
const handshakeMs = 1_500;

it('waits for a handshake as for an answer: one that is busy with many is there', async () => {
  const authority = await TestAuthority.create();
  const server = await serve(
    await credentials(authority, 'wgcni://main/manager/m1'),
    () => (_, res) => res.end('late'),
  );
  const busy = createServer((incoming) => {
    setTimeout(() => incoming.pipe(connect(portOf(server), '127.0.0.1')).pipe(incoming), handshakeMs);
  }).listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const source = new Source(await credentials(authority, 'wgcni://main/node/n1'));
  const patient = new Dialer({ connectTimeoutMs: 100, answerTimeoutMs: 5_000 }, source);
  const hasty = new Dialer({ connectTimeoutMs: 100, answerTimeoutMs: 200 }, source);
  end = () => {
    void patient.close();
    void hasty.close();
    busy.close();
    server.closeAllConnections();
    server.close();
  };
  const url = `https://127.0.0.1:${portOf(busy)}/`;
  await expect(request(url, { dispatcher: hasty.agent })).rejects.toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' });
  expect(await (await request(url, { dispatcher: patient.agent })).body.text()).toBe('late');
});
