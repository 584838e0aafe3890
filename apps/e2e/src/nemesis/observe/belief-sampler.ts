/** Asks every replica, again and again, in which term it believes to lead; the spans in which it certainly did are written down. */
import { Dialer } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import type { Lab } from '@wgcni/testing';
import { request } from 'undici';
import type { BeliefEvent } from '../history/event.ts';
import type { Recorder } from '../history/recorder.ts';

/** Longer than any process is stopped. */
const patienceMs = 30_000;

export class BeliefSampler {
  readonly #recorder: Recorder;
  readonly #dialer: Dialer;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[];
  readonly #present = new Map<string, BeliefEvent>();

  constructor(recorder: Recorder, lab: Lab, everyMs: number) {
    this.#recorder = recorder;
    this.#dialer = new Dialer({ connectTimeoutMs: patienceMs, answerTimeoutMs: patienceMs }, lab.operator);
    this.#running = lab.plan.managers.map(async ({ id, url }) => {
      while (!this.#stop.signal.aborted) {
        await this.#sample(id, url);
        await systemClock.sleep(everyMs, this.#stop.signal).catch(() => undefined);
      }
    });
  }

  /** Every span that has not ended is written down as far as it was seen. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    await this.#dialer.close();
    for (const id of this.#present.keys()) this.#end(id);
  }

  async #sample(id: string, url: string): Promise<void> {
    const invokeMs = this.#recorder.now();
    const term = await this.#termOf(url);
    if (term === undefined) return;
    const present = this.#present.get(id);
    if (present !== undefined && present.term === term) {
      present.toMs = invokeMs;
      present.samples += 1;
      return;
    }
    this.#end(id);
    if (term === null) return;
    const fromMs = this.#recorder.now();
    this.#present.set(id, { kind: 'belief', replicaId: id, term, fromMs, toMs: fromMs, samples: 1 });
  }

  /** The term, null for none, undefined without an answer: then nothing was learnt. */
  async #termOf(url: string): Promise<number | null | undefined> {
    try {
      const signal = AbortSignal.timeout(patienceMs);
      const { statusCode, body } = await request(`${url}/v1/leader`, { dispatcher: this.#dialer.agent, signal });
      const { term } = (await body.json()) as { term: number | null };
      return statusCode === 200 ? term : undefined;
    } catch {
      // Dead, stopped or cut off.
      return undefined;
    }
  }

  #end(id: string): void {
    const belief = this.#present.get(id);
    if (belief !== undefined) this.#recorder.write(belief);
    this.#present.delete(id);
  }
}
