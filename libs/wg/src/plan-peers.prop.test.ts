/** Properties of peer plans, with the model of WireGuard's own table as oracle. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAllowedIps, contestedAllowedIps } from './allowed-ips.ts';
import { parsePublicKey, type PublicKey } from './key.ts';
import { applyPeerChanges } from './peer-table.ts';
import type { Peer, PeerChange } from './peer.ts';
import { planPeers } from './plan-peers.ts';

const keys = ['a', 'b', 'c', 'd', 'e'].map((letter) => parsePublicKey(`${letter.repeat(42)}A=`));
const blocks = ['10.64.0.0/24', '10.64.1.0/24', '10.64.2.0/24', 'fd64::/64', 'fd64:0:0:1::/64', '10.64.3.1/32'];
const endpoints = ['192.0.2.1:51820', '192.0.2.2:51820', '[2001:db8::1]:51820'];

/** A table in which no block is claimed twice: what a device can hold, and what an honest register publishes. */
const peersArbitrary: fc.Arbitrary<Peer[]> = fc
  .record({
    present: fc.subarray(keys),
    owners: fc.array(fc.integer({ min: -1, max: keys.length - 1 }), {
      minLength: blocks.length,
      maxLength: blocks.length,
    }),
    endpoints: fc.array(fc.option(fc.constantFrom(...endpoints), { nil: undefined }), { minLength: 5, maxLength: 5 }),
    keepalives: fc.array(fc.constantFrom(0, 25), { minLength: 5, maxLength: 5 }),
  })
  .map(({ present, owners, endpoints: chosen, keepalives }) =>
    present.map((publicKey) => {
      const index = keys.indexOf(publicKey);
      return {
        publicKey,
        endpoint: chosen[index],
        allowedIps: canonicalAllowedIps(blocks.filter((_, block) => owners[block] === index)),
        keepaliveSec: keepalives[index] ?? 0,
      };
    }),
  );

const removableArbitrary = fc.subarray(keys).map((some) => new Set<PublicKey>(some));
const apply = (peers: readonly Peer[], changes: readonly PeerChange[]) =>
  applyPeerChanges(peers, changes, (peer) => peer);
const byKey = (peers: readonly Peer[]) => new Map(peers.map((peer) => [peer.publicKey, peer]));

describe('planPeers, for any two tables', () => {
  it('leads exactly to the desired peers, and keeps every other that may not go', () => {
    fc.assert(
      fc.property(peersArbitrary, peersArbitrary, removableArbitrary, (desired, observed, removable) => {
        const after = byKey(
          apply(observed, planPeers({ desired, observed, lastAppliedEndpoints: new Map(), removable })),
        );
        for (const peer of desired) {
          expect(after.get(peer.publicKey)).toEqual({
            ...peer,
            endpoint: peer.endpoint ?? byKey(observed).get(peer.publicKey)?.endpoint,
          });
        }
        const extra = observed.filter((peer) => !byKey(desired).has(peer.publicKey));
        for (const peer of extra) expect(after.has(peer.publicKey)).toBe(!removable.has(peer.publicKey));
      }),
    );
  });

  it('plans nothing the second time', () => {
    fc.assert(
      fc.property(peersArbitrary, peersArbitrary, removableArbitrary, (desired, observed, removable) => {
        const input = { desired, lastAppliedEndpoints: new Map<PublicKey, string>(), removable };
        const after = apply(observed, planPeers({ ...input, observed }));
        expect(planPeers({ ...input, observed: after })).toEqual([]);
      }),
    );
  });

  it('names no peer twice, and none that did not change', () => {
    fc.assert(
      fc.property(peersArbitrary, peersArbitrary, (desired, observed) => {
        const changes = planPeers({ desired, observed, lastAppliedEndpoints: new Map(), removable: new Set() });
        const named = changes.map((change) => (change.kind === 'add' ? change.peer.publicKey : change.publicKey));
        expect(new Set(named).size).toBe(named.length);
        const [before, after] = [byKey(observed), byKey(apply(observed, changes))];
        for (const key of named) expect(after.get(key)).not.toEqual(before.get(key));
      }),
    );
  });

  it('never leaves a block without a peer on its way from one to another', () => {
    fc.assert(
      fc.property(peersArbitrary, peersArbitrary, removableArbitrary, (desired, observed, removable) => {
        const changes = planPeers({ desired, observed, lastAppliedEndpoints: new Map(), removable });
        const held = (peers: readonly Peer[]) => new Set(peers.flatMap((peer) => peer.allowedIps));
        // A swap between two peers that both give and take cannot be seamless; every other move is.
        const simple = changes.every(
          (change) =>
            change.kind !== 'update' ||
            change.allowedIps === undefined ||
            (byKey(observed).get(change.publicKey)?.allowedIps ?? []).every((cidr) =>
              change.allowedIps?.includes(cidr),
            ) ||
            change.allowedIps.every((cidr) => byKey(observed).get(change.publicKey)?.allowedIps.includes(cidr)),
        );
        fc.pre(simple);
        const [wanted, had] = [held(desired), held(observed)];
        for (let count = 0; count <= changes.length; count++) {
          const now = held(apply(observed, changes.slice(0, count)));
          for (const cidr of had) if (wanted.has(cidr)) expect(now).toContain(cidr);
        }
      }),
    );
  });

  it('settles claims of two peers to the same block the same way each time', () => {
    fc.assert(
      fc.property(fc.array(fc.subarray(blocks), { minLength: 3, maxLength: 3 }), peersArbitrary, (claims, observed) => {
        const desired = claims.map((allowedIps, index): Peer => {
          const publicKey = keys[index] ?? parsePublicKey(`${'z'.repeat(42)}A=`);
          return { publicKey, endpoint: undefined, allowedIps, keepaliveSec: 0 };
        });
        const input = { desired, lastAppliedEndpoints: new Map<PublicKey, string>(), removable: new Set<PublicKey>() };
        const after = apply(observed, planPeers({ ...input, observed }));
        expect(contestedAllowedIps(after).size).toBe(0);
        expect(planPeers({ ...input, observed: after })).toEqual([]);
        const claimed = new Set(claims.flat());
        expect([...claimed].every((cidr) => after.some((peer) => peer.allowedIps.includes(cidr)))).toBe(true);
      }),
    );
  });
});
