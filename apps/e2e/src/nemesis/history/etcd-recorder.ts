/** Follows etcd and writes down every revision of the cluster's keys; a gap is an error of the run, not a hole in its history. */
import { messageOf, systemClock } from '@wgcni/base';
import { CompactedError, keysOf, type Store, type StoredKey, type WatchEvent } from '@wgcni/store';
import type { Lab } from '@wgcni/testing';
import type { Recorder } from './recorder.ts';

export class EtcdRecorder {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #recorder: Recorder;
  #revision = 0;
  #following: { stop: AbortController; ended: Promise<void> } | undefined;
  /** What went wrong for good. */
  failure: Error | undefined;

  constructor(recorder: Recorder, lab: Lab) {
    this.#recorder = recorder;
    this.#store = lab.openStore();
    this.#prefix = keysOf(lab.plan.cluster).root;
  }

  /** The revision up to which everything is written down. */
  get revision(): number {
    return this.#revision;
  }

  get store(): Store {
    return this.#store;
  }

  /** Lists the prefix and follows it from there. `isLoss`: the store has just lost what was written since some moment. */
  async start({ isLoss = false } = {}): Promise<void> {
    const { items, revision } = await this.#list();
    this.#recorder.write({ kind: 'etcd-list', atMs: this.#recorder.now(), revision, items, isLoss });
    this.#revision = revision;
    const stop = new AbortController();
    this.#following = { stop, ended: this.#follow(stop.signal) };
  }

  /** Stops following: before the store is set back, and at the end. */
  async pause(): Promise<void> {
    this.#following?.stop.abort();
    await this.#following?.ended;
    this.#following = undefined;
  }

  async close(): Promise<void> {
    await this.pause();
    await this.#store.close();
  }

  async #list(): Promise<{ items: StoredKey[]; revision: number }> {
    for (;;) {
      try {
        return await this.#store.range(this.#prefix);
      } catch {
        // The store is away: part of what is tested.
        await systemClock.sleep(100);
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const { revision, events } of this.#store.watch(this.#prefix, this.#revision + 1, signal)) {
          this.#writeDown(events);
          this.#revision = Math.max(this.#revision, revision);
        }
      } catch (error) {
        if (error instanceof CompactedError) {
          this.failure = new Error(`etcd's history has a gap after ${this.#revision}: ${messageOf(error)}`);
          return;
        }
        await systemClock.sleep(100, signal).catch(() => undefined);
      }
    }
  }

  #writeDown(events: readonly WatchEvent[]): void {
    const atMs = this.#recorder.now();
    const revisions = groupByRevision(events);
    for (const [revision, changes] of revisions) {
      if (revision <= this.#revision) continue;
      this.#recorder.write({
        ...{ kind: 'etcd', atMs, revision },
        puts: changes.flatMap((change) => (change.kind === 'put' ? [change.item] : [])),
        deletes: changes.flatMap((change) => (change.kind === 'delete' ? [change.key] : [])),
      });
    }
  }
}

function groupByRevision(events: readonly WatchEvent[]): [number, WatchEvent[]][] {
  const groups = new Map<number, WatchEvent[]>();
  for (const event of events) {
    const revision = event.kind === 'put' ? event.item.modRevision : event.modRevision;
    groups.set(revision, [...(groups.get(revision) ?? []), event]);
  }
  return [...groups].sort(([one], [other]) => one - other);
}
