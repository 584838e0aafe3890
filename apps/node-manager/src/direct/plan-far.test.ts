/** One side of a pair of two nodes: each step rests on what was heard, not on what was hoped. */
import type { PublicKey } from '@wgcni/wg';
import { describe, expect, it } from 'vitest';
import type { HeldPeer } from './held-peers.ts';
import { farChanges, farLookAtMs, type FarMemory, farMemory, farMove, type FarPair, farTimes } from './plan-far.ts';

const peer = { publicKey: 'b' as PublicKey, endpoint: '192.0.2.2:61000', allowedIps: ['10.64.2.2/32', 'fd64::2/128'] };
const now = { monotonicMs: 1_000_000, wallMs: 1_700_000_000_000 };
const nowSec = now.wallMs / 1_000;
const held = (change: Partial<HeldPeer> = {}): HeldPeer => ({
  ...{ publicKey: peer.publicKey, endpoint: peer.endpoint, allowedIps: [], keepaliveSec: 0 },
  ...{ isMet: false, metAtSec: 0, heardBytes: 0 },
  ...change,
});
const since = (ms: number, change: Partial<FarMemory> = {}): FarMemory => ({
  ...{ sinceMs: now.monotonicMs - ms, heardBytes: 0, endpoint: peer.endpoint, tries: 0, restUntilMs: 0 },
  ...change,
});
const met = { isMet: true, metAtSec: nowSec - 1 };
const routed = { ...met, allowedIps: peer.allowedIps, keepaliveSec: 25 };
const settled = { ...routed, keepaliveSec: 5 };
const pair = (change: Partial<FarPair>): FarPair => ({
  isCaller: true,
  peer,
  held: undefined,
  memory: undefined,
  ...change,
});
const listener = (change: Partial<FarPair>): FarPair => pair({ isCaller: false, ...change });

describe('a container and one of another node', () => {
  it.each<[string, string | undefined, FarPair]>([
    ['the caller calls one that it does not have', 'call', pair({})],
    ['the listener only knows it', 'listen', listener({})],
    ['one that rests is let alone', undefined, pair({ memory: since(0, { restUntilMs: now.monotonicMs + 1 }) })],
    ['a call is waited for', undefined, pair({ held: held({ keepaliveSec: 25 }), memory: since(100) })],
    [
      'one that nobody took is made anew',
      'reset',
      pair({ held: held({ keepaliveSec: 25 }), memory: since(farTimes.callMs + 1) }),
    ],
    ['so is one from before a restart', 'reset', pair({ held: held({ ...met, keepaliveSec: 25, heardBytes: 124 }) })],
    [
      "answers to handshakes alone are the device's own",
      undefined,
      pair({ held: held({ ...met, heardBytes: 184 }), memory: since(5_000) }),
    ],
    [
      "a keepalive is its node-manager's",
      'route',
      pair({ held: held({ ...met, heardBytes: 92 + 32 }), memory: since(5_000) }),
    ],
    [
      'a call that was taken and not answered ends',
      'reset',
      pair({ held: held({ ...met, heardBytes: 92 }), memory: since(farTimes.answerMs + 1) }),
    ],
    ['the listener changes over when it is called', 'route', listener({ held: held(met), memory: since(60_000) })],
    [
      'not by a handshake of long ago',
      undefined,
      listener({ held: held({ isMet: true, metAtSec: nowSec - 9 }), memory: since(60_000) }),
    ],
    ['one that changes over is not judged at once', undefined, pair({ held: held(routed), memory: since(1_000) })],
    [
      'who is heard has changed over, too',
      'settle',
      pair({ held: held({ ...routed, heardBytes: 32 }), memory: since(farTimes.confirmMs.caller + 1) }),
    ],
    ['who is not has not', 'reset', pair({ held: held(routed), memory: since(farTimes.confirmMs.caller + 1) })],
    ['what a run before left is judged from now on', 'note', pair({ held: held(routed) })],
    ['who is settled stays', undefined, pair({ held: held(settled), memory: since(600_000) })],
    [
      'also where it is known no more, and far from where it was written',
      'note',
      pair({ held: held({ ...settled, endpoint: '192.0.2.9:1' }) }),
    ],
    [
      'who makes no handshakes any more is gone',
      'reset',
      pair({ held: held({ ...settled, metAtSec: nowSec - 181 }), memory: since(600_000) }),
    ],
    [
      'a node that has moved is followed',
      'move',
      pair({ held: held(settled), memory: since(600_000, { endpoint: '192.0.2.7:61000' }) }),
    ],
    [
      'other addresses are another container',
      'reset',
      pair({ held: held({ ...settled, allowedIps: ['10.64.2.2/32'] }), memory: since(600_000) }),
    ],
  ])('%s', (_, move, one) => {
    expect(farMove(one, now)).toBe(move);
  });

  it('is told of by changes of its own peer alone, and routed by exactly its addresses', () => {
    expect(farChanges('call', pair({}))).toEqual([
      { kind: 'add', peer: { ...peer, allowedIps: [], keepaliveSec: 60 } },
    ]);
    expect(farChanges('route', listener({}))).toEqual([
      { kind: 'update', publicKey: peer.publicKey, keepaliveSec: 0 },
      { kind: 'update', publicKey: peer.publicKey, allowedIps: peer.allowedIps, keepaliveSec: 10 },
    ]);
    expect(farChanges('note', pair({}))).toEqual([]);
  });

  it('rests longer and longer when nobody answers, until all such calls are made again together, and not at all once it was heard', () => {
    const restsOf = (one: FarPair): number[] => {
      let memory: FarMemory | undefined;
      return Array.from({ length: 10 }, () => {
        memory = farMemory('reset', { ...one, memory }, now);
        return memory.restUntilMs - now.monotonicMs;
      });
    };
    // It is 1,000 s: the next multiples of 15, 30, 60, 120 and 240 s.
    expect(restsOf(pair({}))).toEqual([0, 0, 0, 5_000, 20_000, 20_000, 80_000, 200_000, 200_000, 200_000]);
    expect(restsOf(listener({}))).toEqual([0, 0, 0, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    expect(farMemory('settle', pair({ memory: since(0, { tries: 9 }) }), now).tries).toBe(0);
  });

  it('is looked at closely at first, by a caller ever more seldom when nobody answers, and by a listener with all others then', () => {
    const lookOf = (one: FarPair): number | undefined => {
      const atMs = farLookAtMs(one, now, now.monotonicMs);
      return atMs === undefined ? undefined : atMs - now.monotonicMs;
    };
    const called = held({ keepaliveSec: 60 });
    expect(lookOf(pair({ held: called, memory: since(10) }))).toBe(25);
    expect(lookOf(pair({ held: called, memory: since(2_000) }))).toBe(200);
    expect(lookOf(pair({ held: called, memory: since(10, { tries: 4 }) }))).toBe(250);
    expect(lookOf(pair({ held: called, memory: since(2_000, { tries: 4 }) }))).toBe(1_000);
    expect(lookOf(listener({ held: held(), memory: since(10) }))).toBe(25);
    expect(lookOf(listener({ held: held(), memory: since(10, { tries: 4 }) }))).toBeUndefined();
    expect(lookOf(pair({ held: held(settled), memory: since(10) }))).toBeUndefined();
  });
});
