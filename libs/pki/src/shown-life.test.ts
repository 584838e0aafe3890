/** Whoever dials a cluster-manager sees how long its certificate is good, and takes nobody else for one. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Secret } from '@wgcni/base';
import { TestAuthority } from '@wgcni/testing/pki';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkCredentials, type Credentials } from './credentials.ts';
import { lifeShownBy } from './shown-life.ts';

const hourMs = 3_600_000;

describe('the life that a manager shows', () => {
  let authority: TestAuthority;
  let operator: Credentials;
  let server: Server | undefined;
  beforeAll(async () => {
    authority = await TestAuthority.create();
    const { cert, key } = await authority.issue({ uris: ['wgcni://main/operator/read/rob'] });
    const paths = { use: 'tls' as const, cert: 'c', key: 'k', ca: 'a' };
    operator = checkCredentials(paths, { cert, key: new Secret(key), ca: authority.ca });
  });
  afterEach(() => void server?.close());

  async function shownOf(uri: string, validForMs: number, by = authority) {
    server = createServer(await by.issue({ uris: [uri], validForMs })).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return lifeShownBy(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, operator);
  }

  it('is that of its certificate', async () => {
    const { validFromMs, validToMs } = await shownOf('wgcni://main/manager/m1', 5 * hourMs);
    expect(Math.round((validToMs - Date.now()) / hourMs)).toBe(5);
    expect(validFromMs).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    ['one that has ended', 'wgcni://main/manager/m1', -1_000, /expired/],
    ["a node's", 'wgcni://main/node/n1', hourMs, /not that of a cluster-manager of main/],
    ["another cluster's", 'wgcni://other/manager/m1', hourMs, /not that of a cluster-manager of main/],
  ])('is not told of %s', async (_, uri, validForMs, why) => {
    await expect(shownOf(uri, validForMs)).rejects.toThrow(why);
  });

  it("is not told of another authority's, nor where nobody answers", async () => {
    const stranger = await TestAuthority.create();
    await expect(shownOf('wgcni://main/manager/m1', hourMs, stranger)).rejects.toThrow(/certificate/);
    await expect(lifeShownBy('https://127.0.0.1:1', operator)).rejects.toThrow(/ECONNREFUSED/);
  });
});
