/** PURE: what stands in the store of the containers that this node publishes: what it wrote last, until the watch has come as far. */
import type { ContainersInput } from '@wgcni/api';

export type PublishedContainer = ContainersInput['containers'][number];

/** What the store has of this node, and at which revision. */
export interface ShownList {
  containers: readonly PublishedContainer[];
  revision: number;
}

/** A watch comes after a write in moments; one that has not come by then is cut off, or follows another store. */
const believedMs = 30_000;

export class StandingList {
  #written: (ShownList & { atMs: number }) | undefined;
  #shownRevision = 0;

  /** The cluster took this list, and said that it stands at this revision; `nowMs` on the monotonic clock. */
  wrote(list: ShownList, nowMs: number): void {
    this.#written = { ...list, atMs: nowMs };
  }

  /** As far as it is known, by what the watch shows now; nothing before it has shown anything. */
  read(shown: ShownList | undefined, nowMs: number): readonly PublishedContainer[] {
    // Revisions of a store that went back begin again there: what was written before it did is not in it, whatever its revision was.
    if (shown !== undefined && shown.revision < this.#shownRevision) this.#written = undefined;
    if (shown !== undefined) this.#shownRevision = shown.revision;
    const isBelieved = this.#written !== undefined && nowMs - this.#written.atMs < believedMs;
    if (isBelieved && this.#written !== undefined && (shown?.revision ?? 0) < this.#written.revision)
      return this.#written.containers;
    return shown?.containers ?? [];
  }
}
