/** As whom the doctor asks: the operator that was named, else the node whose data directory it is. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestAuthority } from '@wgcni/testing/pki';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { quietTargets as targets } from '../testing/targets.ts';
import { whoAsks } from './who-asks.ts';

const urls = ['https://192.0.2.1:7001'];
const tokenId = '0123456789abcdef';
let dir: string;
let authority: TestAuthority;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wgcni-doctor-'));
  authority = await TestAuthority.create();
});
afterEach(() => rm(dir, { recursive: true }));

async function joinNode(): Promise<void> {
  const { cert, key, ca } = await authority.write(dir, 'n1', { uris: ['wgcni://main/node/n1'] });
  const credentials = join(dir, 'data/credentials');
  await mkdir(credentials, { recursive: true, mode: 0o700 });
  for (const [part, path] of Object.entries({ cert, key, ca }))
    await cp(path, join(credentials, `${tokenId}.${part}.pem`));
  await writeFile(join(credentials, 'current'), `${tokenId}\n`);
}

it('is the node that joined by a token', async () => {
  await joinNode();
  expect((await whoAsks(targets, urls, join(dir, 'data')))?.identity).toEqual({
    kind: 'node',
    cluster: 'main',
    nodeId: 'n1',
  });
});

it('is the operator whose certificate was said, on a node too', async () => {
  await joinNode();
  const { cert, key, ca } = await authority.write(dir, 'ann', { uris: ['wgcni://main/operator/read/ann'] });
  const said = { ...targets, tlsCert: cert, tlsKey: key, tlsCa: ca };
  expect((await whoAsks(said, urls, join(dir, 'data')))?.identity).toMatchObject({ kind: 'operator', name: 'ann' });
});

it('is nobody on a machine that never joined, which is told what to give', async () => {
  await expect(whoAsks(targets, urls, join(dir, 'data'))).rejects.toMatchObject({ code: 'config.invalid' });
});
