/** Arguments and environments of processes, read again and again while something goes on; each text is kept once. */
import { systemClock } from '@wgcni/base';
import { type Evidence, processEvidence } from './evidence.ts';

const pauseMs = 40;

export class ProcessWatch {
  readonly #seen = new Map<string, string>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  looks = 0;

  constructor() {
    this.#running = this.#run();
  }

  /** Ends the watch; every text that was seen, by where it was seen first. */
  async end(): Promise<Evidence> {
    this.#stop.abort();
    await this.#running;
    this.#look();
    return new Map([...this.#seen].map(([text, where]) => [where, text]));
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#look();
      await systemClock.sleep(pauseMs);
    }
  }

  #look(): void {
    this.looks += 1;
    for (const [where, text] of processEvidence())
      if (text !== '' && !this.#seen.has(text)) this.#seen.set(text, `${where} at look ${this.looks}`);
  }
}
