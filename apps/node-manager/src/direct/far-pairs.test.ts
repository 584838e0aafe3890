/** What is known of one pair says how the others of the same node are tried. */
import { ManualClock } from '@wgcni/testing';
import type { PeerChange, PublicKey } from '@wgcni/wg';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DirectDevice } from './direct-device.ts';
import type { FarContainer } from './far-containers.ts';
import { FarPairs } from './far-pairs.ts';
import { afterChanges, type HeldPeers } from './held-peers.ts';

const ours = 'a' as PublicKey;
const device: DirectDevice = {
  ...{ ref: { id: 'one', name: 'eth0' }, publicKey: ours, isPeer: true, isPublished: true },
  ...{ endpoint: '127.0.0.1:61000', allowedIps: ['10.64.1.2/32'] },
};
/** All of them are called by ours. */
const container = (name: string, host: number): FarContainer => ({
  publicKey: `b${name}` as PublicKey,
  ...{ endpoint: `192.0.2.${host}:61000`, allowedIps: [`10.64.${host}.2/32`] },
});
const [first, second, elsewhere] = [container('1', 2), container('2', 2), container('3', 3)];

let clock: ManualClock;
let beganMs: number;
let pairs: FarPairs;
let held: HeldPeers;
let far: FarContainer[];
/** When each was called, in seconds since the beginning. */
let calls: Record<string, number[]>;

beforeEach(() => {
  clock = new ManualClock();
  beganMs = clock.monotonicMs();
  [pairs, held, far, calls] = [new FarPairs(clock), new Map(), [], {}];
});

/** Looks each quarter of a second, with nobody who answers. */
async function pass(seconds: number): Promise<void> {
  for (let quarters = 0; quarters < seconds * 4; quarters += 1) {
    take(pairs.step({ devices: [device], held: new Map([[ours, held]]), far })?.get(ours) ?? []);
    await clock.advance(250);
  }
}

function take(changes: readonly PeerChange[]): void {
  held = afterChanges(held, changes);
  for (const change of changes)
    if (change.kind === 'add')
      (calls[change.peer.publicKey] ??= []).push(Math.floor((clock.monotonicMs() - beganMs) / 1_000));
}

/** It answers, and settles. */
async function answer({ publicKey }: FarContainer): Promise<void> {
  for (const bytes of [124, 32]) {
    const peer = held.get(publicKey);
    if (peer === undefined) throw new Error('it is called');
    const metAtSec = Math.floor(clock.wallMs() / 1_000);
    held = new Map([...held, [publicKey, { ...peer, isMet: true, metAtSec, heardBytes: peer.heardBytes + bytes }]]);
    await pass(0.25);
  }
}

describe('containers of a node from which nobody answers', () => {
  it('are called together, and one that comes later is called with them and not before', async () => {
    far = [first];
    await pass(500);
    far = [first, second];
    await pass(500);
    expect(calls[second.publicKey]).toEqual(calls[first.publicKey]?.filter((at) => at > 500));
    expect(calls[second.publicKey]?.length).toBeLessThanOrEqual(3);
  });

  it('are called at once when one of them has answered', async () => {
    far = [first, second];
    await pass(500);
    const before = calls[second.publicKey]?.length ?? 0;
    while (held.get(first.publicKey) === undefined) await pass(0.25);
    // The other's call has ended by then.
    await answer(first);
    await pass(4);
    expect(calls[second.publicKey]?.length).toBeGreaterThan(before + 1);
  });

  it('say nothing of another node, but where nobody answers at all', async () => {
    far = [first];
    await pass(500);
    far = [first, elsewhere];
    await pass(5);
    expect(calls[elsewhere.publicKey]).toBeUndefined();
    while (held.get(elsewhere.publicKey) === undefined) await pass(0.25);
    await answer(elsewhere);
    far = [first, elsewhere, container('4', 3)];
    await pass(0.25);
    expect(calls['b4']).toHaveLength(1);
  });
});
