/** A client in the status: where it was heard, or why this node has no peer for it. */
import type { ObservedPeer, PublicKey } from '@wgcni/wg';
import { describe, expect, it } from 'vitest';
import type { KnownClient } from '../view/cluster-view.ts';
import { clientStatus } from './client-status.ts';

const client = (change: Partial<KnownClient> = {}): KnownClient => ({
  ...{ name: 'laptop', publicKey: 'key', addresses: ['10.80.0.5'], via: null, reachable: true },
  ...{ modRevision: 5, state: 'present', ...change },
});
const onDevice: ObservedPeer = {
  ...{ publicKey: 'key' as PublicKey, endpoint: '198.51.100.7:40000', allowedIps: ['10.80.0.5/32'], keepaliveSec: 0 },
  ...{ latestHandshakeAt: 90, receivedBytes: 1, sentBytes: 2 },
};
const stateOf = (known: KnownClient, observed: ObservedPeer[], departed: string[] = []) =>
  clientStatus({ clients: [known], departed }, observed, 100_000)[0]?.state;

describe('a client in the status', () => {
  it('is programmed, with where and when it was heard last', () => {
    expect(clientStatus({ clients: [client()], departed: [] }, [onDevice], 100_000)).toEqual([
      {
        ...{ name: 'laptop', publicKey: 'key', addresses: ['10.80.0.5'], via: null, state: 'programmed' },
        ...{ endpoint: '198.51.100.7:40000', handshakeAgeSec: 10, receivedBytes: 1, sentBytes: 2 },
      },
    ]);
  });

  it('is missing without a peer, elsewhere when another node has it, and unaccounted without a record', () => {
    expect(stateOf(client(), [])).toBe('missing');
    expect(stateOf(client({ via: 'n2' }), [])).toBe('elsewhere');
    expect(stateOf(client({ state: 'unaccounted' }), [onDevice])).toBe('unaccounted');
  });

  it('is barred when the store shows it from before it was removed', () => {
    const shownAgain = client({ state: 'unaccounted', doubtedRevision: 5 });
    expect([stateOf(shownAgain, [], ['key']), stateOf(shownAgain, [onDevice])]).toEqual(['barred', 'unaccounted']);
  });
});
