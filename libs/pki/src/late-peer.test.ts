/** A certificate that has ended is good for its renewal for a while, if it was ever good at all. */
import { X509Certificate } from 'node:crypto';
import { TestAuthority, type CertificateRequest } from '@wgcni/testing/pki';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeLate } from './late-peer.ts';

const hourMs = 3_600_000;

describe('a certificate that has ended', () => {
  let authority: TestAuthority;
  let stranger: TestAuthority;
  beforeAll(async () => {
    [authority, stranger] = await Promise.all([TestAuthority.create(), TestAuthority.create()]);
  });

  async function judged(request: CertificateRequest, by = authority, wallMs = Date.now()) {
    const { cert } = await by.issue({ uris: ['wgcni://main/node/n1'], ...request });
    const how = { authorities: authority.ca, cluster: 'main', wallMs, graceMs: hourMs };
    return judgeLate(new X509Certificate(cert), how);
  }

  const n1 = { identity: { kind: 'node', cluster: 'main', nodeId: 'n1' } };

  it('is taken for as long as the grace lasts', async () => {
    expect(await judged({ validForMs: -hourMs / 2 })).toEqual(n1);
    expect(await judged({ validForMs: -hourMs - 1_000 })).toMatchObject({
      why: 'its certificate has expired too long ago',
    });
  });

  it('is taken before its end too', async () => {
    expect(await judged({})).toEqual(n1);
  });

  it('of another authority of the same name is not taken', async () => {
    expect(await judged({ validForMs: -1_000 }, stranger)).toMatchObject({ identity: undefined });
  });

  it('is not taken once its authority has ended', async () => {
    const inAYear = Date.now() + 365 * 24 * hourMs;
    expect(await judged({ validForMs: 365 * 24 * hourMs }, authority, inAYear)).toMatchObject({ identity: undefined });
  });

  it.each([
    ['of another cluster', ['wgcni://other/node/n1']],
    ['that names nobody', []],
    ['that names two', ['wgcni://main/node/n1', 'wgcni://main/node/n2']],
  ])('%s is not taken', async (_, uris) => {
    expect(await judged({ uris, validForMs: -1_000 })).toMatchObject({ identity: undefined });
  });
});
