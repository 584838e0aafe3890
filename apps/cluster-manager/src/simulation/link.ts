/** The way between two processes: it takes time, loses, is cut in one direction or both, and may deliver late what was sent into the cut. */
import type { SeededRandom } from './seeded-random.ts';
import type { Timeline } from './timeline.ts';

export type Direction = 'there' | 'back';

export interface LinkQuality {
  /** Most of the parcels arrive within so many milliseconds. */
  usualMs: number;
  /** So many of a hundred take up to `slowMs` instead. */
  slowPercent: number;
  slowMs: number;
  /** So many of a hundred never arrive. */
  lossPercent: number;
}

/** Of what is sent into a cut, so many of a hundred arrive when it is healed: TCP has kept it. */
const keptPercent = 30;

export class Link {
  quality: LinkQuality;
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  /** Until when each direction is cut. */
  readonly #cutUntilMs = { there: 0, back: 0 };
  readonly #waiting: (() => void)[] = [];

  constructor(timeline: Timeline, random: SeededRandom, quality: LinkQuality) {
    this.#timeline = timeline;
    this.#random = random;
    this.quality = quality;
  }

  isCut(direction: Direction): boolean {
    return this.#timeline.nowMs < this.#cutUntilMs[direction];
  }

  /** Cuts for so long; a cut that lasts longer already stays. */
  cut(directions: readonly Direction[], forMs: number): void {
    const untilMs = this.#timeline.nowMs + forMs;
    for (const direction of directions) this.#cutUntilMs[direction] = Math.max(untilMs, this.#cutUntilMs[direction]);
    this.#timeline.after(forMs, () => this.#wake());
  }

  /** Ends every cut. */
  heal(): void {
    this.#cutUntilMs.there = 0;
    this.#cutUntilMs.back = 0;
    this.#wake();
  }

  /** Sends one parcel, which may come late or never. */
  send(direction: Direction, deliver: () => void): void {
    const random = this.#random;
    if (this.isCut(direction)) {
      if (random.chance(keptPercent)) this.whenHealed(deliver);
      return;
    }
    if (random.chance(this.quality.lossPercent)) return;
    this.#timeline.after(this.#latencyMs(), deliver);
  }

  /** Carries what is not lost but late: a part of a stream. */
  carry(deliver: () => void, lateMs: number): void {
    this.#timeline.after(this.#latencyMs() + lateMs, deliver);
  }

  #latencyMs(): number {
    const { usualMs, slowPercent, slowMs } = this.quality;
    const most = this.#random.chance(slowPercent) ? slowMs : usualMs;
    return 0.1 + this.#random.unit() * most;
  }

  /** Calls once when nothing is cut any more. */
  whenHealed(wake: () => void): void {
    this.#waiting.push(wake);
  }

  #wake(): void {
    if (this.isCut('there') || this.isCut('back')) return;
    for (const wake of this.#waiting.splice(0)) this.#timeline.after(this.#latencyMs(), wake);
  }
}
