/** Examples of peer plans. */
import { describe, expect, it } from 'vitest';
import { parsePublicKey, type PublicKey } from './key.ts';
import type { Peer } from './peer.ts';
import { planPeers } from './plan-peers.ts';

const key = (letter: string): PublicKey => parsePublicKey(`${letter.repeat(42)}A=`);
const [alpha, beta, gamma] = [key('a'), key('b'), key('c')];

const peer = (publicKey: PublicKey, allowedIps: string[], rest: Partial<Peer> = {}): Peer => ({
  publicKey,
  endpoint: undefined,
  allowedIps,
  keepaliveSec: 25,
  ...rest,
});

const plan = (input: { desired: Peer[]; observed: Peer[]; applied?: [PublicKey, string][]; removable?: PublicKey[] }) =>
  planPeers({
    desired: input.desired,
    observed: input.observed,
    lastAppliedEndpoints: new Map(input.applied ?? []),
    removable: new Set(input.removable ?? []),
  });

describe('planPeers', () => {
  it('is empty when nothing differs, whatever the order and spelling of the blocks', () => {
    const desired = [peer(alpha, ['fd64:0::/64', '10.64.0.0/24'])];
    const observed = [peer(alpha, ['10.64.0.0/24', 'fd64::/64'])];
    expect(plan({ desired, observed })).toEqual([]);
  });

  it('adds a peer that is new and leaves the others unnamed', () => {
    const old = peer(alpha, ['10.64.0.0/24']);
    const fresh = peer(beta, ['10.64.1.0/24'], { endpoint: '192.0.2.2:51820' });
    expect(plan({ desired: [old, fresh], observed: [old] })).toEqual([{ kind: 'add', peer: fresh }]);
  });

  it('keeps a peer that is merely absent from the desired list', () => {
    expect(plan({ desired: [], observed: [peer(alpha, ['10.64.0.0/24'])] })).toEqual([]);
  });

  it('removes a peer that may go, but never one that is desired', () => {
    const observed = [peer(alpha, ['10.64.0.0/24']), peer(beta, ['10.64.1.0/24'])];
    expect(plan({ desired: [peer(beta, ['10.64.1.0/24'])], observed, removable: [alpha, beta, gamma] })).toEqual([
      { kind: 'remove', publicKey: alpha },
    ]);
  });

  it('leaves a roamed endpoint alone while the published one is what was written last', () => {
    const desired = [peer(alpha, [], { endpoint: '192.0.2.1:51820' })];
    const observed = [peer(alpha, [], { endpoint: '198.51.100.7:40000' })];
    expect(plan({ desired, observed, applied: [[alpha, '192.0.2.1:51820']] })).toEqual([]);
  });

  it('writes an endpoint whose published value changed', () => {
    const desired = [peer(alpha, [], { endpoint: '192.0.2.9:51820' })];
    const observed = [peer(alpha, [], { endpoint: '198.51.100.7:40000' })];
    expect(plan({ desired, observed, applied: [[alpha, '192.0.2.1:51820']] })).toEqual([
      { kind: 'update', publicKey: alpha, endpoint: '192.0.2.9:51820' },
    ]);
  });

  it('names only the fields that differ', () => {
    const observed = [peer(alpha, ['10.64.0.0/24'])];
    expect(plan({ desired: [peer(alpha, ['10.64.0.0/24'], { keepaliveSec: 0 })], observed })).toEqual([
      { kind: 'update', publicKey: alpha, keepaliveSec: 0 },
    ]);
  });

  it('gives a moving block to its new peer before the old one is rewritten', () => {
    const observed = [peer(alpha, ['10.64.0.0/24', '10.64.1.0/24']), peer(beta, [])];
    const desired = [peer(alpha, ['10.64.0.0/24']), peer(beta, ['10.64.1.0/24'])];
    expect(plan({ desired, observed })).toEqual([
      { kind: 'update', publicKey: beta, allowedIps: ['10.64.1.0/24'] },
      { kind: 'update', publicKey: alpha, allowedIps: ['10.64.0.0/24'] },
    ]);
  });

  it('lets a new peer take over the block of a removed one before the removal', () => {
    const desired = [peer(beta, ['10.64.0.0/24'])];
    expect(plan({ desired, observed: [peer(alpha, ['10.64.0.0/24'])], removable: [alpha] })).toEqual([
      { kind: 'add', peer: desired[0] },
      { kind: 'remove', publicKey: alpha },
    ]);
  });

  it('leaves a block that two desired peers claim with the one that has it', () => {
    const desired = [peer(alpha, ['10.64.0.0/24']), peer(beta, ['10.64.0.0/24'])];
    const observed = [peer(alpha, []), peer(beta, ['10.64.0.0/24'])];
    expect(plan({ desired, observed })).toEqual([]);
  });

  it('refuses an allowed IP that is no block, naming it', () => {
    expect(() => plan({ desired: [peer(alpha, ['10.64.0.1/24'])], observed: [] })).toThrow('"10.64.0.1/24"');
  });
});
