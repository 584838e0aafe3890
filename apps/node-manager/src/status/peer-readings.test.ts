/** A peer is told by its name; one that nobody knows by its key, and one without a handshake has no age. */
import { type ObservedPeer, systemKeys } from '@wgcni/wg';
import { expect, it } from 'vitest';
import { peerReadings } from './peer-readings.ts';

const [ofNode, ofClient, ofNobody] = Array.from({ length: 3 }, () => systemKeys.generate().publicKey);

const seen = (publicKey: ObservedPeer['publicKey'] | undefined, latestHandshakeAt: number): ObservedPeer => {
  if (publicKey === undefined) throw new Error('no key');
  const peer = { publicKey, endpoint: undefined, allowedIps: [], keepaliveSec: 0 };
  return { ...peer, latestHandshakeAt, receivedBytes: 5, sentBytes: 7 };
};

const view = {
  nodes: [
    {
      ...{ nodeId: 'n2', publicKey: ofNode ?? '', endpoints: [], subnets: [], modRevision: 1 },
      state: 'present' as const,
    },
  ],
  clients: [
    {
      ...{ name: 'laptop', publicKey: ofClient ?? '', addresses: [], via: null, reachable: true, modRevision: 1 },
      state: 'present' as const,
    },
  ],
};

it('tells nodes, clients and strangers apart', () => {
  const readings = peerReadings(view, [seen(ofNode, 90), seen(ofClient, 0), seen(ofNobody, 101)], 100_000);
  const node = { peer: 'n2', kind: 'node' };
  const client = { peer: 'laptop', kind: 'client' };
  const stranger = { peer: ofNobody, kind: 'unknown' };
  expect(readings.handshakeAge).toEqual([
    { labels: node, value: 10 },
    // A clock that was put back makes nobody younger than now.
    { labels: stranger, value: 0 },
  ]);
  expect(readings.received).toEqual([node, client, stranger].map((labels) => ({ labels, value: 5 })));
  expect(readings.sent).toEqual([node, client, stranger].map((labels) => ({ labels, value: 7 })));
  expect(readings.count.map(({ labels, value }) => [labels?.['kind'], value])).toEqual([
    ...[
      ['node', 1],
      ['client', 1],
      ['unknown', 1],
    ],
  ]);
});
