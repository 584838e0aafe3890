/** Two containers of two nodes, whose node-managers look when they like and may be gone, over a network that comes and goes. */
import type { PeerChange, PublicKey } from '@wgcni/wg';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { afterChanges, type HeldPeer, type HeldPeers } from './held-peers.ts';
import { farChanges, farLookAtMs, type FarMemory, farMemory, farMove } from './plan-far.ts';

const stepMs = 100;
const key = (name: string) => name as PublicKey;

/** What WireGuard does with one peer, as far as the plan rests on it. */
class Side {
  held: HeldPeers = new Map();
  memory: FarMemory | undefined;
  session = 0;
  lookAtMs = 0;
  #sentAtMs = -Infinity;
  #triedAtMs = -Infinity;
  #hasBegun = false;

  readonly isCaller: boolean;
  readonly other: PublicKey;
  readonly wallMs: () => number;

  constructor(isCaller: boolean, other: PublicKey, wallMs: () => number) {
    [this.isCaller, this.other, this.wallMs] = [isCaller, other, wallMs];
  }

  get peer(): HeldPeer | undefined {
    return this.held.get(this.other);
  }

  get isRouted(): boolean {
    return (this.peer?.allowedIps.length ?? 0) > 0;
  }

  hear(nowMs: number, change: Partial<HeldPeer> & { bytes: number }): void {
    if (this.peer === undefined) return;
    // Whatever is heard puts off the next keepalive.
    this.#sentAtMs = nowMs;
    const { bytes, ...rest } = change;
    this.held = new Map([[this.other, { ...this.peer, ...rest, heardBytes: this.peer.heardBytes + bytes }]]);
  }

  /** The node-manager looks and does what is due; until when it need not look again, undefined for when all are read. */
  look(nowMs: number): number | undefined {
    const far = { publicKey: this.other, endpoint: '192.0.2.1:61000', allowedIps: ['10.64.3.2/32'] };
    const pair = { isCaller: this.isCaller, peer: far, held: this.peer, memory: this.memory };
    const now = { monotonicMs: nowMs, wallMs: this.wallMs() };
    const move = farMove(pair, now);
    if (move !== undefined) {
      this.memory = farMemory(move, pair, now);
      this.#apply(farChanges(move, pair));
    }
    return farLookAtMs({ ...pair, held: this.peer, memory: this.memory }, now, nowMs);
  }

  restart(): void {
    this.memory = undefined;
  }

  #apply(changes: readonly PeerChange[]): void {
    for (const change of changes) {
      const before = this.peer?.keepaliveSec ?? 0;
      this.held = afterChanges(this.held, [change]);
      // Switched on, one is sent at once.
      if (before === 0 && (this.peer?.keepaliveSec ?? 0) > 0) this.#sentAtMs = -Infinity;
    }
    if (this.peer === undefined) [this.session, this.#hasBegun, this.#triedAtMs] = [0, false, -Infinity];
  }

  /** A keepalive when it is due, over a session that there is, else by a handshake. */
  tick(nowMs: number, other: Side, isUp: boolean): void {
    const { peer } = this;
    if (peer === undefined || peer.keepaliveSec === 0) return;
    const ageMs = this.wallMs() - peer.metAtSec * 1_000;
    const isStale = this.session === 0 || ageMs > (this.#hasBegun ? 120_000 : 165_000);
    const isDue = nowMs - this.#sentAtMs >= peer.keepaliveSec * 1_000;
    // Once begun, a handshake is tried again every five seconds.
    const isTrying = this.session === 0 && this.#triedAtMs > 0 && nowMs - this.#triedAtMs < 90_000;
    if (!isDue && !isTrying) return;
    if (isStale && nowMs - this.#triedAtMs >= 5_000) this.#shakeHands(nowMs, other, isUp);
    if (!isDue) return;
    this.#sentAtMs = nowMs;
    if (isUp && ageMs < 180_000 && this.session !== 0 && this.session === other.session)
      other.hear(nowMs, { bytes: 32 });
  }

  #shakeHands(nowMs: number, other: Side, isUp: boolean): void {
    this.#triedAtMs = nowMs;
    if (!isUp || other.peer === undefined) return;
    const met = { isMet: true, metAtSec: Math.floor(this.wallMs() / 1_000) };
    [this.session, other.session] = [nowMs + 1, nowMs + 1];
    [this.#hasBegun, other.#hasBegun] = [true, false];
    this.hear(nowMs, { ...met, bytes: 92 });
    // The first keepalive, which tells the other side that the handshake is over.
    other.hear(nowMs, { ...met, bytes: 148 + 32 });
  }
}

/** Most is done at the beginning. */
const span = fc.record({ fromMs: fc.oneof(fc.nat(4_000), fc.nat(20_000), fc.nat(300_000)), lengthMs: fc.nat(240_000) });
const scenarioWith = (bars: number, ends: number) =>
  fc.record({
    /** The way is barred. */
    barred: fc.array(span, { maxLength: bars }),
    /** One of the two node-managers is gone, and knows nothing afterwards. */
    gone: fc.array(span, { maxLength: ends }),
    isCallerGone: fc.boolean(),
    pauses: fc.array(fc.integer({ min: 50, max: 1_000 }), { minLength: 1, maxLength: 9 }),
  });
const isIn = (spans: readonly { fromMs: number; lengthMs: number }[], nowMs: number): boolean =>
  spans.some(({ fromMs, lengthMs }) => nowMs >= fromMs && nowMs < fromMs + lengthMs);

it.each([
  ['23 s whoever of the two node-managers is gone', { bars: 0, ends: 2, mostMs: 23_000 }],
  // Each device is read once a minute: one of a pair that could not speak for minutes may learn it later than the other.
  ['75 s after the way was barred', { bars: 2, ends: 0, mostMs: 75_000 }],
] as const)(
  'never send past their nodes one way for longer than %s while the way is open, and both do when all is well',
  (_, { bars, ends, mostMs }) => {
    fc.assert(
      fc.property(scenarioWith(bars, ends), ({ barred, gone, isCallerGone, pauses }) => {
        let nowMs = 0;
        const wallMs = (): number => 1_700_000_000_000 + nowMs;
        const [caller, listener] = [new Side(true, key('b'), wallMs), new Side(false, key('a'), wallMs)];
        let [oneSidedMs, longestMs, turn] = [0, 0, 0];
        for (; nowMs < 900_000; nowMs += stepMs) {
          const isUp = !isIn(barred, nowMs);
          for (const [side, other] of [
            [caller, listener],
            [listener, caller],
          ] as const) {
            const isGone = side.isCaller === isCallerGone && isIn(gone, nowMs);
            if (isGone) side.restart();
            else if (nowMs >= side.lookAtMs) {
              const pauseMs = pauses[(turn += 1) % pauses.length] ?? 100;
              // What does not change over is read with all others, within a minute; who listens, every two seconds.
              const atMs = side.look(nowMs);
              side.lookAtMs = atMs === undefined ? nowMs + (side.isRouted ? 60 : 2) * pauseMs : atMs + pauseMs / 4;
            }
            side.tick(nowMs, other, isUp);
          }
          oneSidedMs = isUp && caller.isRouted !== listener.isRouted ? oneSidedMs + stepMs : 0;
          longestMs = Math.max(longestMs, oneSidedMs);
        }
        expect(longestMs).toBeLessThanOrEqual(mostMs);
        expect([caller.peer?.keepaliveSec, listener.peer?.keepaliveSec]).toEqual([5, 5]);
        expect([caller.isRouted, listener.isRouted]).toEqual([true, true]);
      }),
      { numRuns: 300 },
    );
  },
);
