/** What a node-manager times and counts while it works. */
import { type Answered, Durations, type Meter, Tally } from '@wgcni/api/server';
import type { Clock } from '@wgcni/base';

export type Reconciler = 'mesh' | 'pods' | 'direct' | 'host';

/** Verbs of the CNI by the operation that the plugin calls for them. */
const verbs: Readonly<Record<string, string>> = {
  attach: 'add',
  detach: 'del',
  checkAttachment: 'check',
  collectAttachments: 'gc',
};

export class NodeMeters {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #reconciles = new Durations('wgcni_reconcile_duration_seconds', 'runs of a reconciler', [
    'reconciler',
    'outcome',
  ]);
  readonly #differences = new Tally(
    'wgcni_reconcile_differences_total',
    'what a reconciler found other than desired, and mended; of the host what somebody else had changed',
    ['reconciler'],
    ['mesh', 'pods', 'direct', 'host'].map((reconciler) => ({ reconciler })),
  );
  readonly #cni = new Durations('wgcni_cni_request_duration_seconds', 'what the CNI plugin waited for, by verb', [
    'operation',
    'outcome',
  ]);
  readonly #restarts = new Tally(
    'wgcni_userspace_restarts_total',
    'processes of userspace devices that were started again, by device',
    ['device'],
    ['mesh', 'pods', 'container'].map((device) => ({ device })),
  );

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  get all(): readonly Meter[] {
    return [this.#reconciles, this.#differences, this.#cni, this.#restarts];
  }

  /** Does the work of a reconciler, and notes how long it took and whether it threw. */
  async timed<T>(reconciler: Reconciler, work: () => Promise<T>): Promise<T> {
    const begunMs = this.#clock.monotonicMs();
    const note = (outcome: 'ok' | 'failed'): void =>
      this.#reconciles.observe({ reconciler, outcome }, this.#clock.monotonicMs() - begunMs);
    try {
      const result = await work();
      note('ok');
      return result;
    } catch (error) {
      note('failed');
      throw error;
    }
  }

  /** A reconciler found so many differences. */
  differed(reconciler: Reconciler, count: number): void {
    if (count > 0) this.#differences.add({ reconciler }, count);
  }

  /** An answer of the REST surface; only those to the plugin are timed. */
  answered({ operation, status, isCut, ms }: Answered): void {
    const verb = verbs[operation];
    if (verb === undefined) return;
    const outcome = isCut ? 'cut' : status < 400 ? 'ok' : status < 500 ? 'refused' : 'failed';
    this.#cni.observe({ operation: verb, outcome }, ms);
  }

  restarted(device: 'mesh' | 'pods' | 'container'): void {
    this.#restarts.add({ device });
  }
}
