/** The leader's slow loop: measures silence and rest, checkpoints them, reclaims after the hold-down, frees after the rest. */
import { messageOf, toCatalogueError, type Clock, type Log } from '@wgcni/base';
import { advanceRest, advanceSilence, planReclaim, restedSubnets, type ReclaimPlan, type Reading } from '@wgcni/ipam';
import { encodeRecord, type SubnetRecord, type Transaction } from '@wgcni/store';
import type { ReplicaMeters, RunOutcome } from '../metrics/replica-meters.ts';
import type { LeaderWriter, Try } from '../registry/leader-writer.ts';
import { freeNode, freeReserved } from '../registry/leave.ts';
import type { Kept } from '../state/table.ts';

export interface ReclaimerOptions {
  writer: LeaderWriter;
  clock: Clock;
  log: Log;
  meters: Pick<ReplicaMeters, 'ran' | 'nodeReclaimed'>;
  /** Time between two readings; at least 60,000 in production. */
  readingMs: number;
  /** How long a released subnet rests before it is granted again. */
  restMs: number;
}

/** A reading, and the revision of every subnet's key as it was read. */
interface Look extends Reading {
  revisions: ReadonlyMap<string, number>;
}

/** A reading may come this much early by the timer's own rounding; shorter gaps do not count. */
const slackMs = 10;

export class Reclaimer {
  readonly #options: ReclaimerOptions;
  #last: Look | undefined;
  #timesListed = 0;

  constructor(options: ReclaimerOptions) {
    this.#options = options;
  }

  /** Reads again and again while the term lasts. What one leader measured is in the store; what it measured since is lost with it. */
  async run(term: AbortSignal): Promise<void> {
    const { clock, readingMs, log, meters } = this.#options;
    while (!term.aborted) {
      const outcome = await this.read().catch((error: unknown): RunOutcome => {
        log.warn({ cause: messageOf(error) }, 'reclaim.failed');
        return 'failed';
      });
      if (outcome !== undefined) meters.ran('reclaim', outcome);
      await clock.sleep(readingMs + slackMs, term).catch(() => undefined);
    }
  }

  /** One reading, with everything that follows from it; nothing, and undefined, when this replica does not lead. */
  async read(): Promise<RunOutcome | undefined> {
    const { writer, meters } = this.#options;
    const { state, leadership } = writer.deps;
    const term = leadership()?.term;
    if (term === undefined || state.network.get(state.keys.network) === undefined) return undefined;
    // What came and went between two lists, or while another led, was not seen: nothing is measured across it.
    if (this.#timesListed !== state.timesListed || this.#last?.term !== term) this.#last = undefined;
    this.#timesListed = state.timesListed;
    const before = this.#last;
    const now = this.#look(term);
    this.#last = now;
    // Twice observed: what is due was checkpointed by an earlier reading, and what this one adds can only be due at the next.
    const plan = this.#plan(now);
    const due = new Set(plan.kind === 'reclaim' ? plan.due.map(({ nodeId }) => nodeId) : []);
    let hasFailed = false;
    for (const nodeId of now.silent) {
      const isDone = await this.#one(nodeId, async () => {
        if (await writer.change(() => this.#silentNode(nodeId, due.has(nodeId), before, now))) meters.nodeReclaimed();
      });
      hasFailed ||= !isDone;
    }
    hasFailed ||= !(await this.#one('released', () => this.#released(before, now)));
    return hasFailed ? 'failed' : plan.kind === 'withheld' ? 'withheld' : 'ok';
  }

  #look(term: number): Look {
    const { writer, clock } = this.#options;
    const { state } = writer.deps;
    const heard = state.takeHeard();
    // FENCE: a first reading knows of no time before it. Whoever registered once since this replica began would count as heard, and hide a mass silence.
    const isHeard = (nodeId: string): boolean => this.#last !== undefined && heard.has(nodeId);
    const isSilent = (nodeId: string): boolean => !isHeard(nodeId) && state.registrationOf(nodeId) === undefined;
    const subnets = state.subnets.all();
    const owners = subnets.flatMap(({ record }) => (record.state === 'released' ? [] : [record.nodeId]));
    return {
      atMs: clock.monotonicMs(),
      term,
      silent: new Set([...state.nodes.all().map(({ record }) => record.nodeId), ...owners].filter(isSilent)),
      revisions: new Map(subnets.map(({ item }) => [item.key, item.modRevision])),
      // Who registered meanwhile may have taken its subnet back, and released it again.
      resting: new Set(
        subnets.flatMap(({ record }) => (record.state === 'released' && !isHeard(record.nodeId) ? [record.cidr] : [])),
      ),
    };
  }

  #plan({ silent }: Reading): ReclaimPlan {
    const { writer, log } = this.#options;
    const { state } = writer.deps;
    const plan = planReclaim({
      nodes: state.nodes.all().map(({ record }) => record.nodeId),
      silent,
      subnets: state.subnets.all().map(({ record }) => record),
      holdDownMs: state.theNetwork().record.holdDownSec * 1_000,
    });
    if (plan.kind === 'withheld')
      log.error({ due: plan.due.map(({ nodeId }) => nodeId), why: plan.why }, 'reclaim.withheld');
    return plan;
  }

  /** Whether the work was done. What fails for one node does not stop the others. */
  async #one(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#options.log.warn({ what, code: toCatalogueError(error).code, cause: messageOf(error) }, 'reclaim.failed');
      return false;
    }
  }

  /** Resolves with whether the node is reclaimed by what it plans. */
  async #silentNode(nodeId: string, isDue: boolean, before: Reading | undefined, now: Look): Promise<Try<boolean>> {
    const { writer, log, readingMs } = this.#options;
    const { state } = writer.deps;
    const held = state.subnetsOf(nodeId).filter(({ record }) => record.state !== 'released');
    if (held.length === 0 || state.registrationOf(nodeId) !== undefined) return { result: false };
    if (!held.every((kept) => isAsRead(kept, now))) return { result: false };
    if (!isDue) {
      const silences = held.map(({ record }) => advanceSilence(record, before, now, readingMs));
      return this.#checkpoint(nodeId, held, silences);
    }
    log.warn({ nodeId, subnets: held.map(({ record }) => record.cidr) }, 'node.reclaimed');
    const node = state.nodeOf(nodeId);
    const freeing =
      node === undefined
        ? await freeReserved(writer, nodeId, held, 'reclaimed')
        : await freeNode(writer, node, 'reclaimed');
    return { ...freeing, result: true };
  }

  /** Writes the silence that was measured. It compares that the node has not registered meanwhile. */
  #checkpoint(nodeId: string, held: readonly Kept<SubnetRecord>[], silences: readonly number[]): Try<boolean> {
    if (held.every(({ record }, index) => record.silentMs === silences[index])) return { result: false };
    const { keys } = this.#options.writer.deps.state;
    const transaction = rewritten(held, silences);
    transaction.compare.push({ key: keys.registration(nodeId), target: 'create', equals: 0 });
    return { transaction, result: false };
  }

  /** A released subnet whose rest is over loses its key: it can be granted again. */
  async #released(before: Reading | undefined, now: Look): Promise<void> {
    const { writer, restMs, readingMs } = this.#options;
    const { state } = writer.deps;
    for (const cidr of now.resting) {
      await writer.change<void>(async () => {
        const kept = state.subnets.get(state.subnetKey(cidr) ?? '');
        if (kept === undefined || kept.record.state !== 'released' || !isAsRead(kept, now))
          return { result: undefined };
        const silentMs = advanceRest(kept.record, before, now, readingMs);
        const isRested = restedSubnets([{ ...kept.record, silentMs }], restMs).length > 0;
        if (!isRested && silentMs === kept.record.silentMs) return { result: undefined };
        const { item } = kept;
        const transaction: Transaction = isRested
          ? {
              compare: [{ key: item.key, target: 'mod', equals: item.modRevision }],
              then: [{ kind: 'delete', key: item.key }],
            }
          : rewritten([kept], [silentMs]);
        return { transaction, result: undefined };
      });
    }
  }
}

/**
 * FENCE: what has changed since the reading waits for the next one. It may be our own checkpoint, whose answer was lost: the same time would be
 * counted twice. Or the node was here meanwhile, and is due no more.
 */
function isAsRead({ item }: Kept<SubnetRecord>, { revisions }: Look): boolean {
  return revisions.get(item.key) === item.modRevision;
}

function rewritten(subnets: readonly Kept<SubnetRecord>[], silences: readonly number[]): Transaction {
  return {
    compare: subnets.map(({ item }) => ({ key: item.key, target: 'mod', equals: item.modRevision })),
    then: subnets.map(({ record, item }, index) => ({
      kind: 'put',
      key: item.key,
      value: encodeRecord({ ...record, silentMs: silences[index] ?? record.silentMs }, item),
    })),
  };
}
