/** What is kept without a record is shown as that, and as nothing more. */
import type { ObservedPeer, PublicKey } from '@wgcni/wg';
import { describe, expect, it } from 'vitest';
import type { KnownNode } from '../view/cluster-view.ts';
import { peerStatus } from './peer-status.ts';

const [a, b] = [
  { cidr: '10.64.1.0/24', grantId: 'a' },
  { cidr: '10.64.2.0/24', grantId: 'b' },
];
const node: KnownNode = {
  ...{
    nodeId: 'n1',
    publicKey: 'key',
    endpoints: ['192.0.2.1:51820'],
    modRevision: 5,
    subnets: [a, b],
    state: 'present',
  },
};
const seen = (publicKey: string, allowedIps: string[]): ObservedPeer => {
  const peer = { publicKey: publicKey as PublicKey, endpoint: undefined, allowedIps, keepaliveSec: 25 };
  return { ...peer, latestHandshakeAt: 90, receivedBytes: 1, sentBytes: 2 };
};
const onDevice = seen('key', [a.cidr, b.cidr]);
const shown = (known: KnownNode[], observed: ObservedPeer[]) =>
  peerStatus(known, observed, 100_000).map(({ nodeId, state, unaccounted }) => [nodeId, state, unaccounted]);

describe('a peer in the status', () => {
  it('is programmed, or missing', () => {
    expect(shown([node], [onDevice])).toEqual([['n1', 'programmed', []]]);
    expect(shown([node], [])).toEqual([['n1', 'missing', []]]);
  });

  it('is programmed with the subnet named that its record lacks', () => {
    const partly: KnownNode = { ...node, subnets: [a, { ...b, isUnaccounted: true }] };
    expect(shown([partly], [onDevice])).toEqual([['n1', 'programmed', [b.cidr]]]);
  });

  it('is unaccounted with all that it has when it has no record, or nobody knows it', () => {
    expect(shown([{ ...node, state: 'unaccounted' }], [onDevice])).toEqual([['n1', 'unaccounted', [a.cidr, b.cidr]]]);
    expect(shown([], [onDevice])).toEqual([[null, 'unaccounted', [a.cidr, b.cidr]]]);
  });

  it('tells how long ago it shook hands', () => {
    expect(peerStatus([node], [onDevice], 100_000)[0]).toMatchObject({ handshakeAgeSec: 10, receivedBytes: 1 });
  });
});
