/** What a cluster-manager times and counts while it works. */
import { AnswerTimes, Durations, type Meter, Tally } from '@wgcni/api/server';
import type { Election, StoreCall } from '@wgcni/store';

/** How a pass of the leader's slow work ended; `withheld`: too many nodes are silent for any to be reclaimed. */
export type RunOutcome = 'ok' | 'failed' | 'withheld';

/** How a request ended that was passed on to the leader. `absent`: nobody was asked; `unknown`: no answer came. */
export type ForwardOutcome = 'answered' | 'absent' | 'unknown';

const runs = [
  { task: 'reclaim', outcome: 'ok' },
  { task: 'reclaim', outcome: 'failed' },
  { task: 'reclaim', outcome: 'withheld' },
  { task: 'expiry', outcome: 'ok' },
  { task: 'expiry', outcome: 'failed' },
];

export class ReplicaMeters {
  readonly answers = new AnswerTimes();
  readonly #etcd = new Durations('wgcni_etcd_request_duration_seconds', 'calls of etcd, all members tried', [
    'operation',
    'outcome',
  ]);
  readonly #forwarded = new Tally(
    'wgcni_forwarded_requests_total',
    'requests passed on to the leader',
    ['outcome'],
    [{ outcome: 'answered' }, { outcome: 'absent' }, { outcome: 'unknown' }],
  );
  readonly #runs = new Tally('wgcni_leader_runs_total', "passes of the leader's work", ['task', 'outcome'], runs);
  readonly #reclaimed = new Tally('wgcni_nodes_reclaimed_total', 'silent nodes that lost their subnets', [], [{}]);
  readonly #expired = new Tally('wgcni_clients_expired_total', 'clients whose time was over', [], [{}]);
  readonly #changes = new Tally('wgcni_leader_changes_total', 'leaders after the first that was seen', [], [{}]);

  get all(): readonly Meter[] {
    return [this.answers, this.#etcd, this.#forwarded, this.#runs, this.#reclaimed, this.#expired, this.#changes];
  }

  storeCalled({ operation, outcome, ms }: StoreCall): void {
    this.#etcd.observe({ operation, outcome }, ms);
  }

  forwarded(outcome: ForwardOutcome): void {
    this.#forwarded.add({ outcome });
  }

  ran(task: 'reclaim' | 'expiry', outcome: RunOutcome): void {
    this.#runs.add({ task, outcome });
  }

  nodeReclaimed(): void {
    this.#reclaimed.add({});
  }

  clientExpired(): void {
    this.#expired.add({});
  }

  /** Counts each leader that follows another. No two terms have the leader key of one revision. */
  follow(election: Pick<Election, 'holder' | 'onChange'>): void {
    let last: number | undefined;
    election.onChange(() => {
      const term = election.holder?.createRevision;
      if (term === undefined || term === last) return;
      if (last !== undefined) this.#changes.add({});
      last = term;
    });
  }
}
