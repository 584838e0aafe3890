/** A newcomer finds the authority that it knows by its digest in what a manager shows, and believes nothing else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '@wgcni/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority, IssuingAuthority } from './authority/index.ts';
import { authorityShownBy } from './shown-authority.ts';

describe('the authority that a manager shows', () => {
  let dir: string;
  let issuing: IssuingAuthority;
  let server: Server;
  let asked = 0;
  const urlOf = (): string => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signal = new AbortController().signal;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-shown-'));
    const old = await Authority.create('main', Date.now());
    const next = await (await Authority.open(old)).succeedBy(await Authority.create('main', Date.now()));
    const paths = {
      ...{ use: 'authority' as const, cert: join(dir, 'a.pem'), key: join(dir, 'a.key'), ca: join(dir, 'ca.pem') },
    };
    await writeFile(paths.cert, next.cert);
    await writeFile(paths.key, next.key.reveal(), { mode: 0o600 });
    await writeFile(paths.ca, next.cert + old.cert);
    const own = { kind: 'manager' as const, cluster: 'main', replicaId: 'm1' };
    issuing = await IssuingAuthority.open({ paths, own, names: ['127.0.0.1'], clock: systemClock, log: silentLog });
    const { cert, key } = issuing.current;
    server = createServer({ cert, key: key.reveal() }, () => (asked += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.close();
    await rm(dir, { recursive: true });
  });

  it('is found by its digest at the end of the chain, also while it is being replaced, and nothing is asked', async () => {
    const pem = await authorityShownBy(urlOf(), issuing.anchor, signal);
    expect(issuing.trusted).toContain(pem.trim());
    expect(asked).toBe(0);
  });

  it('is not believed under another digest; both are told', async () => {
    const refused = authorityShownBy(urlOf(), 'ab'.repeat(32), signal);
    await expect(refused).rejects.toMatchObject({
      code: 'authority.unknown',
      message: expect.stringContaining(issuing.anchor) as string,
      field: '--join',
    });
  });

  it('is waited for elsewhere when nobody answers', async () => {
    await expect(authorityShownBy('https://127.0.0.1:1', 'ab'.repeat(32), signal)).rejects.toMatchObject({
      code: 'leader.absent',
      retryable: true,
    });
  });
});
