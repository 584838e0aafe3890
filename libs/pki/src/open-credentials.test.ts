/** What a process opens at its start: what was named, of itself, and no older TLS from then on. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { silentLog, systemClock } from '@wgcni/base';
import { TestAuthority } from '@wgcni/testing/pki';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Identity } from './identity.ts';
import { openCredentials } from './open-credentials.ts';

const own: Identity = { kind: 'node', cluster: 'main', nodeId: 'n1' };
const deps = { clock: systemClock, log: silentLog };
let authority: TestAuthority;
let dir: string;
beforeAll(async () => {
  authority = await TestAuthority.create();
  dir = await mkdtemp(join(tmpdir(), 'wgcni-open-'));
});
afterAll(async () => {
  tls.DEFAULT_MIN_VERSION = 'TLSv1.2';
  await rm(dir, { recursive: true });
});

it('is nothing when nothing was named, and TLS stays as it was', async () => {
  const opened = await openCredentials({ tls: undefined, etcdTls: undefined }, own, deps, AbortSignal.abort());
  await opened.ended;
  expect([opened.tls, opened.etcd, tls.DEFAULT_MIN_VERSION]).toEqual([undefined, undefined, 'TLSv1.2']);
});

it("demands this process's own name for REST, and none for etcd", async () => {
  const nameless = await authority.write(dir, 'etcd', {}, 'etcd');
  const another = await authority.write(dir, 'n2', { uris: ['wgcni://main/node/n2'] });
  const signal = AbortSignal.abort();
  await expect(openCredentials({ tls: another, etcdTls: nameless }, own, deps, signal)).rejects.toThrow(
    'is of wgcni://main/node/n2',
  );
  const opened = await openCredentials({ tls: undefined, etcdTls: nameless }, own, deps, signal);
  expect(opened.etcd?.current.identity).toBeUndefined();
});

it('shows etcd the certificate for REST when it has none for etcd, and looks at it once', async () => {
  const files = await authority.write(dir, 'n1', { uris: ['wgcni://main/node/n1'] });
  const etcdTls = await authority.write(dir, 'etcd', {}, 'etcd');
  const log = { ...silentLog, info: (fields: object) => void uses.push(fields) };
  const uses: object[] = [];
  const one = await openCredentials({ tls: files, etcdTls: undefined }, own, { ...deps, log }, AbortSignal.abort());
  expect(one.etcd).toBe(one.tls);
  expect(uses).toMatchObject([{ use: 'tls' }]);
  const two = await openCredentials({ tls: files, etcdTls }, own, deps, AbortSignal.abort());
  expect(two.etcd?.current.cert).not.toBe(two.tls?.current.cert);
});

it('leaves no way to less than TLS 1.3 to clients that have no option for it', async () => {
  const etcdTls = await authority.write(dir, 'etcd', {}, 'etcd');
  const stop = new AbortController();
  const opened = await openCredentials({ tls: undefined, etcdTls }, own, deps, stop.signal);
  const { cert, key } = await authority.issue({});
  const older = tls.createServer({ cert, key, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }).listen(0, '127.0.0.1');
  await once(older, 'listening');
  const socket = tls.connect({ host: '127.0.0.1', port: (older.address() as AddressInfo).port, ca: authority.ca });
  await expect(once(socket, 'secureConnect')).rejects.toThrow(/version/i);
  older.close();
  stop.abort();
  await opened.ended;
});
