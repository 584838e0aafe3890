/** Tells the cluster-managers how this node is: when that changed, at most every five seconds, and when one has not the last report. */
import type { ManagerClient, Renewal } from '@wgcni/api';
import { type Clock, type Log, messageOf, type Random } from '@wgcni/base';
import { makeReport, type ReportSources, type Told } from './make-report.ts';

export interface ReporterDeps {
  nodeId: string;
  /** The instance that is registered. */
  instance: string;
  manager: Pick<ManagerClient, 'putReport'>;
  /** Whether the cluster knows this node at the moment: of any other nothing is taken. */
  isRegistered: () => boolean;
  /** How the node is now. */
  look: () => ReportSources;
  clock: Clock;
  random: Random;
  log: Log;
}

/** How often it is looked, in milliseconds: what changes oftener is told as one. */
const everyMs = 5_000;

export class Reporter {
  readonly #deps: ReporterDeps;
  readonly #run: string;
  #counter = 0;
  #told: Told | undefined;
  #isDue = true;
  #hasFailed = false;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
    this.#run = Buffer.from(deps.random.bytes(16)).toString('hex');
  }

  /**
   * What the replica has that answers renewals: when that is not the last report, the next look is told in any case. An older one may be there that another
   * replica had a newer of, until that one started anew. A manager of an earlier version says only whether it has any; one of before that says nothing.
   */
  noteKept({ hasReport, report }: Partial<Pick<Renewal, 'hasReport' | 'report'>>): void {
    const isLast =
      report === undefined ? hasReport !== false : report.run === this.#run && report.counter === this.#counter;
    if (!isLast) this.#isDue = true;
  }

  /** Runs until the signal aborts; the cluster being away stops nothing. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    for (;;) {
      await clock.sleep(everyMs * (0.9 + 0.2 * random.unit()), signal);
      if (this.#deps.isRegistered()) await this.look(signal);
    }
  }

  /** Looks once, and tells what is new. What could not be told is told at the next look. */
  async look(signal: AbortSignal): Promise<void> {
    const { nodeId, instance, manager, clock, log } = this.#deps;
    try {
      const before = this.#told;
      const told = makeReport(nodeId, this.#deps.look(), before, clock.wallMs());
      const isNew = JSON.stringify(told) !== JSON.stringify(before);
      if (!this.#isDue && !isNew) return;
      // ORDER: before it is sent: who asks for another meanwhile asks for the next.
      [this.#told, this.#isDue] = [told, false];
      // What is the same has the same number, or replicas in turn would each ask for what the other has.
      if (isNew) this.#counter += 1;
      await manager.putReport(nodeId, { instance, run: this.#run, counter: this.#counter, ...told }, signal);
      this.#hasFailed = false;
    } catch (error) {
      this.#isDue = true;
      signal.throwIfAborted();
      // Said once: while nobody answers, the registration tells of it.
      if (!this.#hasFailed) log.info({ why: messageOf(error) }, 'report.not-sent');
      this.#hasFailed = true;
    }
  }
}
