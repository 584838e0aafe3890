/** Tells on stderr what a command waits for: a line that is written over, and gone when the command has something to say or ends. */
import type { Clock } from '@wgcni/base';
import { type Manner, progressLine } from './progress-line.ts';

export interface Progress {
  /** Tells that `what` is waited for, until the work ends. */
  during<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Says how far long work is; where no line can be written over, each change is a line of its own. */
  step(said: string): void;
}

/** For work whose answer comes as it goes on: that is its own progress. */
export const noProgress: Progress = { during: (_, work) => work(), step: () => {} };

/** Where it is told. */
export interface Onto {
  manner: Manner;
  write: (text: string) => void;
  columns: () => number | undefined;
  clock: Pick<Clock, 'monotonicMs'>;
  /** Calls `erase` when the process is interrupted while the line stands, which then ends as it would have; answers how to stop that. */
  onInterrupt: (erase: () => void) => () => void;
}

const repaintMs = 250;
/** To the first column, and nothing from there on. */
const erased = '\r\u001B[K';

/** Progress that is shown; `end` erases it, before anything else is written. */
export class ShownProgress implements Progress {
  readonly #onto: Onto;
  readonly #pending: string[] = [];
  #ended = 0;
  #said: string | undefined;
  #beganMs = 0;
  #shown: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #forget: (() => void) | undefined;

  constructor(onto: Onto) {
    this.#onto = onto;
  }

  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#begin(what);
    try {
      return await work();
    } finally {
      this.#pending.splice(this.#pending.indexOf(what), 1);
      this.#ended += 1;
      if (this.#pending.length === 0) this.end();
    }
  }

  step(said: string): void {
    if (said === this.#said) return;
    this.#said = said;
    if (this.#onto.manner === 'steps') this.#onto.write(`wgcni: ${said}\n`);
  }

  /** What is shown is erased. Work that goes on shows itself no more. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
    this.#ended = 0;
    this.#said = undefined;
  }

  #begin(what: string): void {
    this.#pending.push(what);
    if (this.#onto.manner !== 'line' || this.#timer !== undefined) return;
    this.#beganMs = this.#onto.clock.monotonicMs();
    // It keeps no process: what is waited for does.
    this.#timer = setInterval(() => this.#paint(), repaintMs).unref();
  }

  #paint(): void {
    const line = progressLine({
      ...{ pending: this.#pending, ended: this.#ended, said: this.#said, columns: this.#onto.columns() },
      elapsedMs: this.#onto.clock.monotonicMs() - this.#beganMs,
    });
    if (line === undefined || line === this.#shown) return;
    this.#forget ??= this.#onto.onInterrupt(() => this.end());
    this.#shown = line;
    this.#onto.write(`${erased}${line}`);
  }

  #erase(): void {
    if (this.#shown !== undefined) this.#onto.write(erased);
    this.#shown = undefined;
    this.#forget?.();
    this.#forget = undefined;
  }
}
