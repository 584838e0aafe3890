/** Both ends of a connection on loopback: who is let in as whom, and what renewal changes. */
import { once } from 'node:events';
import type { Server } from 'node:https';
import { type AddressInfo, connect as connectPlain } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { Secret } from '@wgcni/base';
import { type CertificateRequest, TestAuthority } from '@wgcni/testing/pki';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkCredentials, type Credentials } from './credentials.ts';
import { clientOptions, nodeClientOptions } from './secure-client.ts';
import { SecureServer, type SecurePeer } from './secure-server.ts';

let authority: TestAuthority;
let secure: SecureServer;
let server: Server;
let source: { current: Credentials; onChange: (listener: () => void) => () => void };
let changed: () => void;
const opened: TLSSocket[] = [];

beforeAll(async () => {
  authority = await TestAuthority.create();
});
beforeEach(async () => {
  source = {
    current: await credentials({ uris: ['wgcni://main/manager/m1'] }),
    onChange: (listener) => {
      changed = listener;
      return () => {};
    },
  };
  await listen();
});
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
  server.closeAllConnections();
  server.close();
});

async function listen(): Promise<void> {
  secure = new SecureServer(source);
  server = secure.serve((request, response) => response.end(JSON.stringify(secure.peerOf(request.socket))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

async function credentials(request: CertificateRequest, by = authority): Promise<Credentials> {
  const { cert, key } = await by.issue(request);
  return checkCredentials(
    { use: 'tls', cert: 'c', key: 'k', ca: 'a' },
    { cert, key: new Secret(key), ca: authority.ca },
  );
}

async function dial(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...options });
  opened.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

/** Asks the server whom it sees at our end. */
async function seen(socket: TLSSocket): Promise<SecurePeer> {
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return JSON.parse(
    answer
      .toString()
      .split('\r\n')
      .find((line) => line.startsWith('{')) ?? '{}',
  ) as SecurePeer;
}

const asNode = (): Promise<Credentials> => credentials({ uris: ['wgcni://main/node/n1'] });

describe('the server', () => {
  it('knows who is at the other end, over TLS 1.3', async () => {
    const socket = await dial(clientOptions(await asNode()));
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(await seen(socket)).toMatchObject({
      isTrusted: true,
      subjectAltName: expect.stringContaining('URI:wgcni://main/node/n1') as string,
      isOutdated: false,
    });
  });

  it.each([
    ['no certificate', async () => ({}), undefined],
    ['an expired one', async () => withKey({ uris: ['wgcni://main/node/n1'], validForMs: -1_000 }), 'EXPIRED'],
    [
      'one of a stranger',
      async () => withKey({ uris: ['wgcni://main/node/n1'] }, await TestAuthority.create()),
      'SIGNATURE',
    ],
  ])('trusts nobody with %s', async (_, shown, distrust) => {
    const socket = await dial({ ca: authority.ca, checkServerIdentity: () => undefined, ...(await shown()) });
    const peer = await seen(socket);
    expect(peer.isTrusted).toBe(false);
    expect(peer.distrust ?? '').toContain(distrust ?? '');
  });

  it('speaks nothing older than TLS 1.3', async () => {
    const { cert, key, ca } = await asNode();
    const older: ConnectionOptions = { cert, key: key.reveal(), ca, maxVersion: 'TLSv1.2' };
    await expect(dial(older)).rejects.toThrow(/protocol version/i);
  });

  it('resumes no session', async () => {
    const options = clientOptions(await asNode());
    const first = await dial(options);
    const session = once(first, 'session').then(([ticket]) => ticket as Buffer);
    await seen(first);
    const kept = await Promise.race([
      session,
      new Promise<undefined>((resolve) => setTimeout(resolve, 100, undefined)),
    ]);
    const second = await dial({ ...options, ...(kept === undefined ? {} : { session: kept }) });
    expect(second.isSessionReused()).toBe(false);
  });

  it('does not show its key when it is inspected', () => {
    const secret = source.current.key.reveal().split('\n')[1] ?? '';
    expect(secret.length).toBeGreaterThan(40);
    expect(inspect(server, { depth: 9, showHidden: true })).not.toContain(secret);
  });

  it('shows renewed credentials to new connections, and leaves those that are open', async () => {
    const options = clientOptions(await asNode());
    const before = await dial(options);
    const old = before.getPeerX509Certificate()?.fingerprint256;
    source.current = await credentials({ uris: ['wgcni://main/manager/m1'] });
    changed();
    const after = await dial(options);
    expect(after.getPeerX509Certificate()?.fingerprint256).not.toBe(old);
    expect((await seen(before)).isOutdated).toBe(true);
    expect((await seen(after)).isOutdated).toBe(false);
  });
});

it('a connection that was begun before a renewal and ends its handshake after it was judged by what was before', async () => {
  const options = clientOptions(await asNode());
  const early = connectPlain((server.address() as AddressInfo).port, '127.0.0.1');
  await once(server, 'connection');
  source.current = await credentials({ uris: ['wgcni://main/manager/m1'] });
  changed();
  const late = await dial({ ...options, socket: early });
  expect((await seen(late)).isOutdated).toBe(true);
});

describe('a client', () => {
  it.each([
    ['a node of the cluster', { uris: ['wgcni://main/node/n9'] }, /not that of a cluster-manager of main/],
    ['a manager of another cluster', { uris: ['wgcni://other/manager/m1'] }, /not that of a cluster-manager of main/],
    ['nobody', {}, /not that of a cluster-manager of main/],
    ['a manager at another address', { uris: ['wgcni://main/manager/m1'], addresses: ['127.0.0.2'] }, /127\.0\.0\.1/],
    ['a manager whose certificate has expired', { uris: ['wgcni://main/manager/m1'], validForMs: -1_000 }, /expired/],
  ])('does not take %s for its manager', async (_, shown: CertificateRequest, why) => {
    await serveAs(await credentials(shown));
    await expect(dial(clientOptions(await asNode()))).rejects.toThrow(why);
  });

  it('does not take the manager of a stranger for its own', async () => {
    await serveAs(await credentials({ uris: ['wgcni://main/manager/m1'] }, await TestAuthority.create()));
    await expect(dial(clientOptions(await asNode()))).rejects.toThrow(/signature failure/);
  });
});

describe('a client of nodes', () => {
  const asPerson = (): Promise<Credentials> => credentials({ uris: ['wgcni://main/operator/read/rob'] });
  /** A node's certificate need not have an address in it. */
  const ofNode = { uris: ['wgcni://main/node/n1'], addresses: ['192.0.2.9'] };

  it('takes a node for who it is, wherever it is', async () => {
    await serveAs(await credentials(ofNode));
    expect((await dial(nodeClientOptions(await asPerson()))).authorized).toBe(true);
    expect((await dial(nodeClientOptions(await asPerson(), 'n1'))).authorized).toBe(true);
  });

  it.each([
    ['another node than was named', ofNode, 'n2', /not that of the node n2 of main/],
    ['a node of another cluster', { uris: ['wgcni://other/node/n1'] }, undefined, /not that of a node of main/],
    ['a manager', { uris: ['wgcni://main/manager/n1'] }, 'n1', /not that of the node n1 of main/],
    ['a person', { uris: ['wgcni://main/operator/admin/n1'] }, undefined, /not that of a node of main/],
    ['nobody', {}, undefined, /not that of a node of main/],
    ['a node whose certificate has expired', { ...ofNode, validForMs: -1_000 }, 'n1', /expired/],
  ] as const)('does not take %s for its node', async (_, shown, nodeId, why) => {
    await serveAs(await credentials(shown as CertificateRequest));
    await expect(dial(nodeClientOptions(await asPerson(), nodeId))).rejects.toThrow(why);
  });

  it('does not take the node of a stranger for its own', async () => {
    await serveAs(await credentials(ofNode, await TestAuthority.create()));
    await expect(dial(nodeClientOptions(await asPerson()))).rejects.toThrow(/signature failure/);
  });
});

async function serveAs(shown: Credentials): Promise<void> {
  server.close();
  source.current = shown;
  await listen();
}

async function withKey(request: CertificateRequest, by = authority): Promise<ConnectionOptions> {
  return by.issue(request);
}
