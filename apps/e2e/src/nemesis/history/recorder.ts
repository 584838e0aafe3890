/** Writes a run down as it happens, and knows what is in flight and how busy the run has been. */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { CatalogueError, systemClock } from '@wgcni/base';
import type { HistoryEvent, OperationEvent } from './event.ts';

/** The name of the history inside a run's folder. */
export const historyFile = 'history.jsonl';

type Begun = Pick<OperationEvent, 'process' | 'name'> &
  Partial<Pick<OperationEvent, 'nodeId' | 'containerId' | 'grants'>>;
type Ended = Partial<Pick<OperationEvent, 'grants' | 'addresses' | 'code'>> & { outcome?: OperationEvent['outcome'] };

export class Recorder {
  readonly dir: string;
  readonly #events: HistoryEvent[] = [];
  readonly #file: WriteStream;
  readonly #endings: number[] = [];
  #inFlight = 0;

  constructor(dir: string) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
    this.#file = createWriteStream(join(dir, historyFile));
  }

  /** Everything written so far. */
  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** Operations that have begun and not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  now(): number {
    return systemClock.monotonicMs();
  }

  write(event: HistoryEvent): void {
    this.#events.push(event);
    this.#file.write(`${JSON.stringify(event)}\n`);
  }

  /**
   * Runs one operation and writes down how it went: `work` resolves with what it answered; what it throws is written as `unknown` unless `work` itself
   * said `fail`, since a client that tried more than once does not know what an earlier try has done.
   */
  async operation(begun: Begun, work: () => Promise<Ended>): Promise<OperationEvent> {
    const invokeMs = this.now();
    this.#inFlight += 1;
    const ended: Ended = await work().catch((error: unknown) => ({
      outcome: 'unknown' as const,
      code: error instanceof CatalogueError ? error.code : String(error),
    }));
    this.#inFlight -= 1;
    const endMs = this.now();
    const event: OperationEvent = { kind: 'operation', outcome: 'ok', ...begun, ...ended, invokeMs, endMs };
    if (event.outcome === 'ok') this.#endings.push(endMs);
    this.write(event);
    return event;
  }

  /** Operations per second that were answered over the time before now; what was refused is no work. */
  ratePerSec(overMs: number): number {
    const since = this.now() - overMs;
    const count = this.#endings.length - 1 - this.#endings.findLastIndex((at) => at < since);
    return (count / overMs) * 1_000;
  }

  /** Resolves when everything is on disk. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#file.end(resolve));
  }
}
