/** What is changed on the pods device, and above all what is not. */
import type { ObservedPeer, PublicKey } from '@wgcni/wg';
import { describe, expect, it } from 'vitest';
import { type DesiredPeer, planPods, type PodsDesired } from './plan-pods.ts';

const key = (name: string) => name as PublicKey;
const wanted = (name: string, more: Partial<DesiredPeer> = {}): DesiredPeer => {
  return {
    publicKey: key(name),
    endpoint: '127.0.0.1:61000',
    allowedIps: [`10.0.0.${name.length}/32`],
    keepaliveSec: 0,
    roams: false,
    ...more,
  };
};
const seen = (name: string, more: Partial<ObservedPeer> = {}): ObservedPeer => {
  const { roams: _, ...peer } = wanted(name);
  return { ...peer, latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0, ...more };
};
const desired = (peers: DesiredPeer[], more: Partial<PodsDesired> = {}): PodsDesired => {
  return { peers, leaving: new Set(), withdrawn: new Set(), ...more };
};
const nothing = { changes: [], adopt: [] };

describe('the plan of the pods device', () => {
  it('is empty when every peer is right', () => {
    expect(planPods(desired([wanted('a')]), [seen('a', { receivedBytes: 9 })])).toEqual(nothing);
  });

  it('adds what is missing and touches nothing else', () => {
    const { changes } = planPods(desired([wanted('a'), wanted('bb')]), [seen('a')]);
    expect(changes).toMatchObject([{ kind: 'add', peer: { publicKey: 'bb' } }]);
  });

  it('names only what differs of a peer', () => {
    const { changes } = planPods(desired([wanted('a', { keepaliveSec: 5 })]), [seen('a')]);
    expect(changes).toEqual([{ kind: 'update', publicKey: 'a', keepaliveSec: 5 }]);
  });

  it("puts back a container's endpoint, and leaves that of one who roams", () => {
    const moved = seen('a', { endpoint: '192.0.2.1:9' });
    expect(planPods(desired([wanted('a')]), [moved]).changes).toEqual([
      { kind: 'update', publicKey: 'a', endpoint: '127.0.0.1:61000' },
    ]);
    expect(planPods(desired([wanted('a', { roams: true })]), [moved])).toEqual(nothing);
  });

  it('adopts a peer without a record, and never removes it', () => {
    expect(planPods(desired([]), [seen('a')])).toMatchObject({ changes: [], adopt: [{ publicKey: 'a' }] });
  });

  it('neither restores, adopts nor removes one that is leaving', () => {
    const leaving = new Set([key('a')]);
    expect(planPods(desired([], { leaving }), [seen('a')])).toEqual(nothing);
    expect(planPods(desired([], { leaving }), [])).toEqual(nothing);
  });

  it('removes one whose subnet the node lost', () => {
    const plan = planPods(desired([], { withdrawn: new Set([key('a')]) }), [seen('a')]);
    expect(plan).toEqual({ changes: [{ kind: 'remove', publicKey: 'a' }], adopt: [] });
  });

  it('removes the old key of an attachment after its new one has the addresses', () => {
    const { changes, adopt } = planPods(desired([wanted('a')]), [seen('b', { allowedIps: ['10.0.0.1/32'] })]);
    expect(changes.map(({ kind }) => kind)).toEqual(['add', 'remove']);
    expect(adopt).toEqual([]);
  });
});
