/** What a cluster-manager says to the doctor, over TLS: that it serves, that it refuses, or nothing of ours. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { checkCredentials, type Credentials, readCredentialTexts } from '@wgcni/pki';
import { TestAuthority } from '@wgcni/testing/pki';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askManagers } from './ask-servers.ts';

const problem = { code: 'identity.refused', detail: 'n1 may not read this', remedy: 'ask as a person' };

let dir: string;
let server: Server;
let credentials: Credentials;
let says: { status: number; body: string };
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wgcni-doctor-'));
  const authority = await TestAuthority.create();
  const paths = await authority.write(dir, 'ann', { uris: ['wgcni://main/operator/read/ann'] });
  credentials = checkCredentials(paths, await readCredentialTexts(paths));
  const own = await authority.issue({ uris: ['wgcni://main/manager/m1'] });
  server = createServer({ ...own, minVersion: 'TLSv1.3' }, (_, response) => {
    response.writeHead(says.status).end(says.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  server.close();
  await rm(dir, { recursive: true });
});

it.each([
  [200, '{}', undefined],
  [403, JSON.stringify(problem), { why: `HTTP 403: ${problem.detail} [${problem.code}]`, remedy: problem.remedy }],
  [502, '<html>', { why: 'HTTP 502: the answer was not a problem document [internal.failed]', remedy: undefined }],
])('is, by HTTP %d, whether it serves', async (status, body, refusal) => {
  says = { status, body };
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [asked] = await askManagers([url], credentials);
  expect(asked).toEqual({ url, answer: { aheadMs: expect.any(Number) as number, refusal } });
});
