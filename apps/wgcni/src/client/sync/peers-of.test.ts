/** The peers of a client's interface in a large cluster: a look comes each ten seconds, and is over long before the next. */
import type { ObservedPeer } from '@wgcni/wg';
import { expect, it } from 'vitest';
import type { FilePeer } from './client-file.ts';
import { peersOf } from './peers-of.ts';
import { routesOf } from './routes-of.ts';

const count = 3_000;
const nodes = Array.from({ length: count }, (_, index): FilePeer & ObservedPeer => {
  const [high, low] = [index >> 8, index & 255];
  return {
    publicKey: Buffer.alloc(32, `${index} `).toString('base64') as ObservedPeer['publicKey'],
    endpoint: `198.18.${high}.${low}:51820`,
    allowedIps: [`10.${high}.${low}.0/24`, `fd64:0:0:${index.toString(16)}::/64`],
    ...{ keepaliveSec: 25, latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 },
  };
});

it('are told from those that vanished, when half of thousands did, well within the time of a test', () => {
  const half = nodes.slice(count / 2);
  const { peers, missingSince } = peersOf(half, {
    ...{ held: nodes, given: new Map(), missingSince: new Map() },
    ...{ nowMs: 0, keepMissingMs: 300_000, isFresh: true },
  });
  expect([peers.length, missingSince.size]).toEqual([count, count / 2]);
  expect(peers.every(({ endpoint }) => endpoint === undefined)).toBe(true);
  const endpoints = nodes.map(({ endpoint = '' }) => endpoint);
  const { wanted, skipped } = routesOf('wg0', peers, endpoints, { routes: [] });
  expect([wanted.size, skipped]).toEqual([2 * count, []]);
});
