/** One process of the simulation: its clock, what reaches it, and how it stops, dies and goes on. */
import type { Clock } from '@wgcni/base';
import type { SeededRandom } from './seeded-random.ts';
import type { Timeline } from './timeline.ts';

/** The start of the virtual wall clock; for people only. */
const epochMs = Date.UTC(2026, 0, 1);
/** A timer fires up to so late. */
const timerLatenessMs = 2;

export interface ActorOptions {
  name: string;
  timeline: Timeline;
  random: SeededRandom;
  /** How fast its clock goes; 1 is right. */
  clockRate?: number;
}

export class Actor {
  readonly name: string;
  readonly random: SeededRandom;
  readonly clock: Clock;
  readonly #timeline: Timeline;
  readonly #clockRate: number;
  #isAlive = true;
  #frozenUntilMs = 0;
  readonly #held: (() => void)[] = [];

  constructor({ name, timeline, random, clockRate = 1 }: ActorOptions) {
    this.name = name;
    this.random = random;
    this.#timeline = timeline;
    this.#clockRate = clockRate;
    this.clock = {
      monotonicMs: () => 1_000_000 + timeline.nowMs * clockRate,
      wallMs: () => epochMs + timeline.nowMs,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isFrozen(): boolean {
    return this.#timeline.nowMs < this.#frozenUntilMs;
  }

  /** Lets `run` happen here in `delayMs` of true time: never when this has died, and after it goes on when it is frozen. Tells how to call it off. */
  after(delayMs: number, run: () => void): () => void {
    let isCalledOff = false;
    const arrive = (): void => {
      if (isCalledOff || !this.#isAlive) return;
      if (this.isFrozen) this.#held.push(arrive);
      else run();
    };
    const happening = this.#timeline.after(delayMs, arrive);
    return () => {
      isCalledOff = true;
      happening.isCancelled = true;
    };
  }

  /** Something has arrived: taken at once, when this goes on, or never. */
  receive(run: () => void): void {
    if (!this.#isAlive) return;
    if (this.isFrozen) this.#held.push(() => this.receive(run));
    else run();
  }

  /** As SIGSTOP and SIGCONT: its clock goes on, everything else waits. */
  freeze(forMs: number): void {
    const untilMs = this.#timeline.nowMs + forMs;
    if (untilMs <= this.#frozenUntilMs) return;
    this.#frozenUntilMs = untilMs;
    this.#timeline.after(forMs, () => {
      if (this.isFrozen) return;
      for (const arrive of this.#held.splice(0)) this.#timeline.after(0, arrive);
    });
  }

  /** As SIGKILL: nothing of it happens any more. */
  kill(): void {
    this.#isAlive = false;
    this.#held.length = 0;
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        callOff();
        reject(reasonOf(signal));
      };
      if (signal?.aborted === true) return reject(reasonOf(signal));
      const callOff = this.after(ms / this.#clockRate + this.random.unit() * timerLatenessMs, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('aborted');
}
