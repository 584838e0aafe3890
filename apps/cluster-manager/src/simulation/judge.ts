/** Judges a run while it runs: every commit, every answer and every step. */
import { keysOf, type GoneRecord, type Keys } from '@wgcni/store';
import { checkRegistration, checkRenewal } from './checks/answers.ts';
import { checkAuthorship } from './checks/authorship.ts';
import { OwnershipCheck } from './checks/ownership.ts';
import { checkReclaim, type ReclaimTerms } from './checks/reclaim.ts';
import { UseCheck } from './checks/use.ts';
import type { Accuse, Violation } from './checks/violation.ts';
import { Ledger, type Change } from './ledger.ts';
import type { ManagerAnswer, ManagerRequest } from './manager-api.ts';
import type { NodeMachine } from './node-machine.ts';
import type { RunPlan } from './plan.ts';
import { emptyTally, type Tally } from './tally.ts';
import { cluster, type ReplicaProcess } from './replica-process.ts';
import type { Commit, StoreServer } from './store-server.ts';
import type { Timeline } from './timeline.ts';

/** When the leader key was taken away by force, by a restore or a revoked lease, two may believe that they lead until both have heard of it. */
const confusionMs = 20_000;

export interface JudgeDeps {
  plan: RunPlan;
  timeline: Timeline;
  server: StoreServer;
  machines: readonly NodeMachine[];
  replicas: readonly ReplicaProcess[];
}

export class Judge {
  readonly violations: Violation[] = [];
  readonly ledger: Ledger;
  readonly tally: Tally = { ...emptyTally };
  readonly keys: Keys = keysOf(cluster);
  restoredMs: number | undefined;
  #confusedUntilMs = 0;
  readonly #deps: JudgeDeps;
  readonly #ownership: OwnershipCheck;
  readonly #use: UseCheck;
  readonly #terms: ReclaimTerms;
  readonly #lastHolders = new Map<string, string>();
  #hadTwoLeaders = false;

  constructor(deps: JudgeDeps) {
    this.#deps = deps;
    const { plan, machines, server } = deps;
    const fastestRate = Math.max(1, ...plan.clockRates);
    this.ledger = new Ledger(this.keys);
    this.#terms = { holdDownMs: plan.timing.holdDownSec * 1_000, fastestRate };
    this.#ownership = new OwnershipCheck({ restMs: plan.timing.restMs, fastestRate }, this.accuse);
    this.#use = new UseCheck(this.ledger, machines, this.accuse);
    server.onChange((change) => (change.kind === 'commit' ? this.#commit(change.commit) : this.#restored()));
  }

  readonly accuse: Accuse = (promise, what) => {
    this.violations.push({ promise, atMs: this.#deps.timeline.nowMs, what });
  };

  /** A replica is about to answer. */
  answered(request: ManagerRequest, answer: ManagerAnswer): void {
    const witnessed = { ledger: this.ledger, keys: this.keys, accuse: this.accuse };
    // What was under way when the store was set back was true in the history that is gone.
    if (answer === undefined || this.#isConfused()) return;
    if (request.kind === 'register' && 'subnets' in answer)
      checkRegistration(witnessed, request.input.instance, answer);
    if (request.kind === 'renew' && !('subnets' in answer))
      checkRenewal(witnessed, request.nodeId, request.input, answer);
  }

  /** A machine has heard that it may use its grants. */
  touched(machine: NodeMachine): void {
    if (this.restoredMs === undefined) this.#use.touched(machine, this.#deps.timeline.nowMs);
  }

  /** After every step: never two that believe they lead. */
  look(): void {
    if (this.#hadTwoLeaders) return;
    let first: string | undefined;
    for (const { actor, replica } of this.#deps.replicas) {
      if (replica?.election.leadership === undefined) continue;
      if (first !== undefined && !this.#isConfused()) {
        this.#hadTwoLeaders = true;
        this.accuse('one leader', `${first} and ${actor.name} both believe that they lead`);
      }
      first = actor.name;
    }
  }

  /** The leader key is about to be taken from who holds it. */
  leaderRobbed(): void {
    this.#confusedUntilMs = this.#deps.timeline.nowMs + confusionMs;
  }

  #isConfused(): boolean {
    return this.#deps.timeline.nowMs < this.#confusedUntilMs;
  }

  #commit(commit: Commit): void {
    const hasBeenRestored = this.restoredMs !== undefined;
    // A node that comes back leaves tombstones too, of what it comes back without.
    const isReturn = commit.events.some(
      (event) => event.kind === 'put' && event.item.key.startsWith(this.keys.registrations),
    );
    const tombstones = commit.events.flatMap((event) =>
      !isReturn && event.kind === 'put' && event.item.key.startsWith(this.keys.gone)
        ? [JSON.parse(event.item.value) as GoneRecord]
        : [],
    );
    if (!hasBeenRestored) checkReclaim(this.ledger, commit, tombstones, { terms: this.#terms, accuse: this.accuse });
    const { changes, leaderBefore } = this.ledger.take(commit);
    if (changes.length === 0) return;
    checkAuthorship(commit, changes, leaderBefore, this.accuse);
    this.#ownership.look(this.ledger, commit, changes);
    this.#count(changes);
    if (hasBeenRestored) return;
    this.#use.look(changes, tombstones, commit.atMs);
    this.#recovering(changes);
  }

  #count(changes: readonly Change[]): void {
    const { tally } = this;
    for (const change of changes) {
      const { family, before, after, key } = change;
      if (after === undefined) continue;
      if (family === 'leader') tally.terms += 1;
      if (family === 'registration') tally.registrations += 1;
      if (family === 'gone' && after.why === 'reclaimed') tally.reclaims += 1;
      if (family === 'gone' && after.why === 'released') tally.releases += 1;
      if (family === 'gone' && after.why === 'deleted') tally.deletions += 1;
      if (family !== 'subnet' || before !== undefined) continue;
      const last = this.#lastHolders.get(key);
      if (last !== undefined && last !== after.nodeId) tally.regrants += 1;
      this.#lastHolders.set(key, after.nodeId);
    }
  }

  #recovering(changes: readonly Change[]): void {
    for (const { family, after } of changes) {
      if (family === 'recovering' && after !== undefined)
        this.accuse('recovering has a cause', `a recovery began without one: ${JSON.stringify(after)}`);
    }
  }

  #restored(): void {
    const { timeline, server } = this.#deps;
    this.restoredMs = timeline.nowMs;
    this.tally.restores += 1;
    this.leaderRobbed();
    this.#ownership.forget();
    this.ledger.restart(server.backend.range(this.keys.root, {}).items, timeline.nowMs);
  }
}
