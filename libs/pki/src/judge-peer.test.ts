/** Only a trusted certificate that has not ended and names somebody of this cluster is somebody. */
import { expect, it } from 'vitest';
import { judgePeer, type PeerFacts } from './judge-peer.ts';

const good: PeerFacts = {
  isTrusted: true,
  distrust: undefined,
  subjectAltName: 'URI:wgcni://main/node/n1',
  keyDigest: undefined,
  validToMs: 1_000,
};

it('takes a good certificate for whom it names', () => {
  expect(judgePeer(good, 'main', 999)).toEqual({ identity: { kind: 'node', cluster: 'main', nodeId: 'n1' } });
});

it.each([
  ['without a certificate', { isTrusted: false, subjectAltName: undefined }, 'no certificate'],
  ['of an authority that is not ours', { isTrusted: false, distrust: 'SELF_SIGNED' }, 'SELF_SIGNED'],
  ['that ends at this very millisecond', { validToMs: 999 }, 'expired'],
  ['that names nobody', { subjectAltName: 'DNS:n1' }, 'names nobody'],
  ['of another cluster', { subjectAltName: 'URI:wgcni://other/node/n1' }, 'the cluster other'],
])('takes one %s for nobody', (_, change: Partial<PeerFacts>, why) => {
  const judged = judgePeer({ ...good, ...change }, 'main', 999);
  expect(judged.identity).toBeUndefined();
  expect(judged).toMatchObject({ why: expect.stringContaining(why) as string });
});
