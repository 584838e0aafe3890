/** How a tunnel is, told by its peer on the device. */
import type { ObservedPeer, PublicKey } from '@wgcni/wg';
import { expect, it } from 'vitest';
import { seenTunnels, tunnelState } from './tunnel-state.ts';

const nowSec = 1_700_000_000;
const stateOf = (change: Partial<ObservedPeer> | undefined): string => {
  const peer: ObservedPeer = {
    ...{ publicKey: 'key' as PublicKey, endpoint: undefined, allowedIps: [], keepaliveSec: 25 },
    ...{ latestHandshakeAt: nowSec, receivedBytes: 0, sentBytes: 0 },
    ...change,
  };
  return tunnelState(change === undefined ? undefined : peer, nowSec * 1_000).state;
};

it('is up for three minutes after a handshake', () => {
  expect(stateOf({})).toBe('up');
  expect(stateOf({ latestHandshakeAt: nowSec - 180 })).toBe('up');
});

it('is broken once keepalives have asked for three minutes in vain', () => {
  expect(stateOf({ latestHandshakeAt: nowSec - 181 })).toBe('broken');
});

it('is unknown, and neither up nor broken, where nothing asks or nobody has answered yet', () => {
  expect(stateOf({ latestHandshakeAt: nowSec - 181, keepaliveSec: 0 })).toBe('unknown');
  expect(stateOf({ latestHandshakeAt: 0 })).toBe('unknown');
});

it('is broken without a peer on the device', () => {
  expect(stateOf(undefined)).toBe('broken');
});

it('is up when the clock of the handshake is ahead of ours', () => {
  expect(stateOf({ latestHandshakeAt: nowSec + 60 })).toBe('up');
});

it('is told of each node, and is unknown of all when the device cannot be looked at', () => {
  const nodes = ['n2', 'n3'].map((nodeId) => ({ nodeId, publicKey: `key of ${nodeId}` }));
  const states = (observed: ObservedPeer[] | undefined): string =>
    seenTunnels(nodes, observed, nowSec * 1_000)
      .map(({ nodeId, state }) => `${nodeId} ${state}`)
      .join();
  const seen: ObservedPeer = {
    ...{ publicKey: 'key of n3' as PublicKey, endpoint: undefined, allowedIps: [], keepaliveSec: 25 },
    ...{ latestHandshakeAt: nowSec, receivedBytes: 0, sentBytes: 0 },
  };
  expect(states([seen])).toBe('n2 broken,n3 up');
  expect(states(undefined)).toBe('n2 unknown,n3 unknown');
});
