/** Recovering: for three registration TTLs after the store lost history, only what nodes claim is granted (design §4.15). */
import type { Clock, Log } from '@wgcni/base';
import { encodeRecord, writtenSchema, type Store } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Try } from './leader-writer.ts';

export interface RecoveryDeps {
  store: Store;
  state: ClusterState;
  clock: Clock;
  log: Log;
}

/** What a registering node tells of the store's past. */
export interface Witness {
  /** Ids of grants that the node holds and the store knows nothing of. */
  forgotten: readonly string[];
  /** The newest revision of the store that the node has seen; 0 when it has seen none. */
  meshRevision: number;
}

/** Registration TTLs that a recovery lasts: every living node has registered again after one. */
const ttls = 3;

export class Recovery {
  readonly #deps: RecoveryDeps;
  /** Grants that began a recovery already: a claim that stays lost begins it once. */
  readonly #met = new Set<string>();
  /** The newest revision by which a recovery began, for the same reason. */
  #metRevision = 0;
  #untilMs = -Infinity;
  #why = '';

  constructor(deps: RecoveryDeps) {
    this.#deps = deps;
  }

  /** Whether the store is known to have lost history, by this replica or by the mark that another has left. */
  isRecovering(): boolean {
    const { clock, state } = this.#deps;
    return clock.monotonicMs() < this.#untilMs || state.recovering.get(state.keys.recovering) !== undefined;
  }

  /** Begins to recover; what has begun is not prolonged. */
  begin(why: string): void {
    if (this.isRecovering()) return;
    const { clock, log } = this.#deps;
    this.#untilMs = clock.monotonicMs() + this.#lastsSec() * 1_000;
    this.#why = why;
    log.warn({ why, forSec: this.#lastsSec() }, 'cluster.recovering');
  }

  /**
   * Whether `hear` has something to do for these grants: there is news among them, or the mark is missing. FENCE: asked of the view by which grants are
   * given: it may have gone back since the node was heard.
   */
  mustHear(forgotten: readonly string[]): boolean {
    return forgotten.some((grantId) => !this.#met.has(grantId)) || this.#lacksMark();
  }

  /**
   * Hears what a node tells, and leaves the mark by which the next leader recovers too: under a lease, so that it ends by itself. To be
   * committed by the leader before it grants anything.
   */
  async hear({ forgotten, meshRevision }: Witness): Promise<Try<void>> {
    const { state, store } = this.#deps;
    const news = forgotten.filter((grantId) => !this.#met.has(grantId));
    for (const grantId of news) this.#met.add(grantId);
    if (news.length > 0) this.begin('a node holds a grant that the store does not know');
    if (await this.#isFromTheFuture(meshRevision)) {
      this.#metRevision = meshRevision;
      this.begin(`a node has seen revision ${meshRevision}; the store is older`);
    }
    if (!this.#lacksMark()) return { result: undefined };
    const { keys } = state;
    const lease = await store.grantLease(this.#lastsSec());
    const value = encodeRecord({ schema: writtenSchema, why: this.#why });
    return {
      transaction: {
        compare: [{ key: keys.recovering, target: 'create', equals: 0 }],
        then: [{ kind: 'put', key: keys.recovering, value, lease }],
      },
      result: undefined,
    };
  }

  /**
   * FENCE: a node that has seen a later revision than the store's proves that the store was set back. Our view proves nothing: a node may have seen what
   * has not come to us yet, and revisions of other clusters in the same store never come.
   */
  async #isFromTheFuture(meshRevision: number): Promise<boolean> {
    const { state, store } = this.#deps;
    if (meshRevision <= Math.max(state.revision, this.#metRevision)) return false;
    const { revision } = await store.get(state.keys.network);
    return meshRevision > revision;
  }

  #lacksMark(): boolean {
    const { state } = this.#deps;
    return this.isRecovering() && state.recovering.get(state.keys.recovering) === undefined;
  }

  #lastsSec(): number {
    const { network, keys } = this.#deps.state;
    return ttls * (network.get(keys.network)?.record.registrationTtlSec ?? 30);
  }
}
