/** A certificate is good for what its authority signed, also by way of a link between, and for no other. */
import { describe, expect, it } from 'vitest';
import { Authority, subjectOf } from './authority/authority.ts';
import { chainsTo } from './chains-to.ts';
import { generateKeyPair } from './key-pair.ts';

const own = subjectOf({ kind: 'node', cluster: 'main', nodeId: 'n1' });
const issueBy = (authority: Authority): Promise<string> =>
  authority.issue({ subject: own, publicKey: generateKeyPair().publicKey, lifeMs: 3_600_000, wallMs: Date.now() });

describe('a certificate', async () => {
  const first = await Authority.open(await Authority.create('main', Date.now()));
  const stranger = await Authority.open(await Authority.create('main', Date.now()));
  const next = await Authority.open(await first.succeedBy(await Authority.create('main', Date.now())));

  it('leads to the authority that issued it, wherever that stands among others', async () => {
    const certificate = await issueBy(first);
    expect(chainsTo(certificate, first.trusted)).toBe(true);
    expect(chainsTo(certificate, stranger.trusted + first.trusted)).toBe(true);
    expect(chainsTo(certificate, stranger.trusted)).toBe(false);
  });

  it('of a successor leads to the authority before it only by the link between', async () => {
    const certificate = await issueBy(next);
    expect(chainsTo(certificate, next.trusted)).toBe(true);
    expect(chainsTo(certificate, first.trusted)).toBe(false);
    expect(chainsTo(certificate + next.between, first.trusted)).toBe(true);
    expect(chainsTo(certificate + next.between, stranger.trusted)).toBe(false);
  });

  it('leads nowhere by one that is no authority, nor by nothing', async () => {
    const certificate = await issueBy(first);
    expect(chainsTo(certificate, certificate)).toBe(false);
    expect(chainsTo('', first.trusted)).toBe(false);
    expect(chainsTo(certificate, '')).toBe(false);
  });
});
