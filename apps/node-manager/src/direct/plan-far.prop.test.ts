/** Two containers of two nodes, whose node-managers look when they like and may be gone, over a network that comes and goes. */
import type { PeerChange, PublicKey } from '@wgcni/wg';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { afterChanges, type HeldPeer, type HeldPeers } from './held-peers.ts';
import { farChanges, type FarMemory, farMemory, farMove, isFarPending } from './plan-far.ts';

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

  hear(change: Partial<HeldPeer> & { bytes: number }): void {
    if (this.peer === undefined) return;
    const { bytes, ...rest } = change;
    this.held = new Map([[this.other, { ...this.peer, ...rest, heardBytes: this.peer.heardBytes + bytes }]]);
  }

  /** The node-manager looks and does what is due. */
  look(nowMs: number): boolean {
    const far = { publicKey: this.other, endpoint: '192.0.2.1:61000', allowedIps: ['10.64.3.2/32'] };
    const pair = { isCaller: this.isCaller, peer: far, held: this.peer, memory: this.memory };
    const now = { monotonicMs: nowMs, wallMs: this.wallMs() };
    const move = farMove(pair, now);
    if (move !== undefined) {
      this.memory = farMemory(move, pair, now);
      this.#apply(farChanges(move, far));
    }
    return isFarPending({ ...pair, held: this.peer, memory: this.memory }, now);
  }

  restart(): void {
    this.memory = undefined;
  }

  #apply(changes: readonly PeerChange[]): void {
    const before = this.peer?.keepaliveSec ?? 0;
    this.held = afterChanges(this.held, changes);
    if (this.peer === undefined) [this.session, this.#hasBegun, this.#triedAtMs] = [0, false, -Infinity];
    if (before === 0 && (this.peer?.keepaliveSec ?? 0) > 0) this.#sentAtMs = -Infinity;
  }

  /** A keepalive when it is due, over a session that there is, else by a handshake. */
  tick(nowMs: number, other: Side, isUp: boolean): void {
    const { peer } = this;
    if (peer === undefined || peer.keepaliveSec === 0) return;
    const ageMs = this.wallMs() - peer.metAtSec * 1_000;
    const isStale = this.session === 0 || ageMs > (this.#hasBegun ? 120_000 : 165_000);
    const isDue = nowMs - this.#sentAtMs >= peer.keepaliveSec * 1_000;
    if (!isDue && !(this.session === 0 && nowMs - this.#triedAtMs >= 5_000)) return;
    if (isStale && nowMs - this.#triedAtMs >= 5_000) this.#shakeHands(nowMs, other, isUp);
    if (!isDue) return;
    this.#sentAtMs = nowMs;
    if (isUp && this.session !== 0 && this.session === other.session) other.hear({ bytes: 32 });
  }

  #shakeHands(nowMs: number, other: Side, isUp: boolean): void {
    this.#triedAtMs = nowMs;
    if (!isUp || other.peer === undefined) return;
    const met = { isMet: true, metAtSec: Math.floor(this.wallMs() / 1_000) };
    [this.session, other.session] = [nowMs + 1, nowMs + 1];
    [this.#hasBegun, other.#hasBegun] = [true, false];
    this.hear({ ...met, bytes: 92 });
    // The first keepalive, which tells the other side that the handshake is over.
    other.hear({ ...met, bytes: 148 + 32 });
  }
}

const span = fc.record({ fromMs: fc.nat(300_000), lengthMs: fc.nat(240_000) });
const scenarioWith = (bars: number) =>
  fc.record({
    /** The way is barred. */
    barred: fc.array(span, { maxLength: bars }),
    /** One of the two node-managers is gone, and knows nothing afterwards. */
    gone: fc.array(span, { maxLength: 2 }),
    isCallerGone: fc.boolean(),
    pauses: fc.array(fc.integer({ min: 50, max: 1_000 }), { minLength: 1, maxLength: 9 }),
  });
const isIn = (spans: readonly { fromMs: number; lengthMs: number }[], nowMs: number): boolean =>
  spans.some(({ fromMs, lengthMs }) => nowMs >= fromMs && nowMs < fromMs + lengthMs);

it.each([
  ['12 s whoever of the two node-managers is gone', 0, 12_000],
  // Each device is read once a minute: one of a pair that could not speak for minutes may learn it later than the other.
  ['72 s after the way was barred', 2, 72_000],
])(
  'never send past their nodes one way for longer than %s while the way is open, and both do when all is well',
  (_, bars, mostMs) => {
    fc.assert(
      fc.property(scenarioWith(bars), ({ barred, gone, isCallerGone, pauses }) => {
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
              const isSlow = !side.look(nowMs);
              side.lookAtMs = nowMs + (isSlow ? (side.isRouted ? 60 : 2) * pauseMs : pauseMs / 4);
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
