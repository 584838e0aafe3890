/** Rates of peers and clients between two looks. */
import type { NodeStatus } from '@wgcni/api';
import { expect, it } from 'vitest';
import { ratesBetween, showRates } from './rates.ts';

const look = (peers: Record<string, [number, number]>, clients: Record<string, [number, number]> = {}): NodeStatus =>
  ({
    peers: Object.entries(peers).map(([nodeId, [receivedBytes, sentBytes]]) => ({
      ...{ nodeId, publicKey: `key of ${nodeId}`, receivedBytes, sentBytes },
    })),
    clients: Object.entries(clients).map(([name, [receivedBytes, sentBytes]]) => ({
      ...{ name, publicKey: `key of ${name}`, receivedBytes, sentBytes },
    })),
  }) as unknown as NodeStatus;

it('are bytes a second, the busiest first', () => {
  const rates = ratesBetween(
    look({ n2: [0, 0], n3: [1_000, 0] }, { laptop: [0, 0] }),
    look({ n2: [10, 10], n3: [5_000, 192] }, { laptop: [4_096, 0] }),
    2,
  );
  expect(rates.map(({ name, received, sent }) => [name, received, sent])).toEqual([
    ['n3', 2_000, 96],
    ['laptop', 2_048, 0],
    ['n2', 5, 5],
  ]);
  expect(showRates(rates)).toContain('2.0 KiB/s');
});

it('leave out who was not there, and whose counters began anew', () => {
  expect(ratesBetween(look({ n2: [900, 900] }), look({ n2: [10, 10], n3: [5, 5] }), 2)).toEqual([]);
});
