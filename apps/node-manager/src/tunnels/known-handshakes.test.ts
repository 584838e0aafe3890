/** A peer that was written anew did have a handshake; what the device tells of one is believed. */
import type { ObservedPeer, PublicKey } from '@wgcni/wg';
import { expect, it } from 'vitest';
import { withHandshakes } from './known-handshakes.ts';

const peerOf = (key: string, latestHandshakeAt: number): ObservedPeer => ({
  ...{ publicKey: key as PublicKey, endpoint: undefined, allowedIps: [], keepaliveSec: 25 },
  ...{ latestHandshakeAt, receivedBytes: 0, sentBytes: 0 },
});
const nodeOf = (nodeId: string) => ({
  ...{ nodeId, publicKey: `key of ${nodeId}`, endpoints: [], subnets: [], modRevision: 1 },
  state: 'present' as const,
});

it('keeps the handshake of a node whose peer knows of none, and no other', () => {
  const peers = [peerOf('key of n2', 0), peerOf('key of n3', 90), peerOf('key of n4', 0), peerOf('a client', 0)];
  const view = { nodes: ['n2', 'n3', 'n4'].map(nodeOf) };
  const handshakes = new Map([
    ['n2', 70],
    ['n3', 60],
  ]);
  const known = withHandshakes(peers, view, handshakes);
  expect(known.map(({ latestHandshakeAt }) => latestHandshakeAt)).toEqual([70, 90, 0, 0]);
});
