/** What nodes told this replica of themselves: memory, bounded, and gone with the registration of the node. */
import { nameTunnels, type Report, type ReportInput, type ReportSummary } from '@wgcni/api';
import { CatalogueError, type Clock, oneLine } from '@wgcni/base';
import { otherInstance } from '../registry/admit.ts';
import type { ClusterState } from '../state/cluster-state.ts';

export interface ReportsDeps {
  state: Pick<ClusterState, 'registrationOf'>;
  clock: Clock;
}

interface Kept {
  report: ReportInput;
  heardAtMs: number;
}

/** Attachments of all reports together; a report beyond them is kept with their number alone. */
const mostAttachments = 100_000;
/** How often those of nodes that are gone are looked for, in milliseconds: who reads never sees them. */
const pruneEveryMs = 10_000;

export class Reports {
  readonly #deps: ReportsDeps;
  readonly #kept = new Map<string, Kept>();
  #attachments = 0;
  #prunedAtMs = -Infinity;

  constructor(deps: ReportsDeps) {
    this.#deps = deps;
  }

  /**
   * Takes a report; one that is older than what is here is passed over, so that a repeat is safe. Throws CatalogueError `registration.gone` where the node is not
   * registered as far as this replica has seen, `node.registered` where another instance of it is.
   */
  put(nodeId: string, report: ReportInput): void {
    const registered = this.#deps.state.registrationOf(nodeId)?.record.instance;
    if (registered === undefined)
      throw new CatalogueError('registration.gone', `${nodeId} is not registered, as far as this replica has seen`, {
        remedy: 'register, then send it again',
      });
    if (registered !== report.instance) throw otherInstance(nodeId);
    this.#prune();
    const before = this.#kept.get(nodeId)?.report;
    if (before?.run === report.run && before.counter > report.counter) return;
    this.#drop(nodeId);
    const hasRoom = this.#attachments + report.attachments.length <= mostAttachments;
    const kept = { ...asShown(nodeId, report), attachments: hasRoom ? report.attachments : [] };
    this.#attachments += kept.attachments.length;
    this.#kept.set(nodeId, { report: kept, heardAtMs: this.#deps.clock.monotonicMs() });
  }

  /** Which report of the instance that is registered now is here: an older one than the node has sent somewhere else, maybe. */
  placeOf(nodeId: string): Pick<Report, 'run' | 'counter'> | undefined {
    const report = this.of(nodeId);
    return report === undefined ? undefined : { run: report.run, counter: report.counter };
  }

  of(nodeId: string): Report | undefined {
    const kept = this.#kept.get(nodeId);
    if (kept === undefined || !this.#isOfNow(nodeId, kept)) return undefined;
    const ageMs = Math.max(0, this.#deps.clock.monotonicMs() - kept.heardAtMs);
    return { nodeId, ageSec: Math.floor(ageMs / 1_000), ...kept.report };
  }

  /** All of them, in no order. */
  summaries(): ReportSummary[] {
    return [...this.#kept.keys()].flatMap((nodeId) => {
      const report = this.of(nodeId);
      if (report === undefined) return [];
      const { attachments: _, ...summary } = report;
      return [summary];
    });
  }

  #isOfNow(nodeId: string, { report }: Kept): boolean {
    return this.#deps.state.registrationOf(nodeId)?.record.instance === report.instance;
  }

  #prune(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#prunedAtMs < pruneEveryMs) return;
    this.#prunedAtMs = nowMs;
    for (const [nodeId, kept] of this.#kept) if (!this.#isOfNow(nodeId, kept)) this.#drop(nodeId);
  }

  #drop(nodeId: string): void {
    this.#attachments -= this.#kept.get(nodeId)?.report.attachments.length ?? 0;
    this.#kept.delete(nodeId);
  }
}

/** FENCE: who reads it trusts us, not the node. A node of an earlier version names all of its tunnels, and in words of several lines. */
function asShown(nodeId: string, report: ReportInput): ReportInput {
  return {
    ...report,
    version: oneLine(report.version),
    tunnels: nameTunnels(nodeId, report.tunnels).map((tunnel) => ({ ...tunnel, cause: oneLine(tunnel.cause) })),
    problems: report.problems.map(oneLine),
  };
}
