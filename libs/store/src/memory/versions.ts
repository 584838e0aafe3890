/** Keys with their whole history, so that a read as of an older revision answers what was true then. */
import type { RangeOptions, RangePage, StoredKey } from '../port.ts';
import { CompactedError } from '../port.ts';

/** A key as of `modRevision`; `item` is undefined where it was deleted. */
interface Version {
  modRevision: number;
  item: StoredKey | undefined;
}

export class Versions {
  readonly #versions = new Map<string, Version[]>();

  /** What stands under a key now. */
  newest(key: string): StoredKey | undefined {
    return this.#versions.get(key)?.at(-1)?.item;
  }

  /** Writes (or with undefined, deletes) a key at a revision. */
  set(key: string, modRevision: number, item: StoredKey | undefined): void {
    const versions = this.#versions.get(key);
    if (versions === undefined) this.#versions.set(key, [{ modRevision, item }]);
    else versions.push({ modRevision, item });
  }

  /** One page under a prefix; `now` is the store's revision, `oldest` the compacted one. */
  page(prefix: string, options: RangeOptions, now: number, oldest: number): RangePage {
    const at = options.revision ?? now;
    if (at < oldest) throw new CompactedError(oldest);
    const found = [...this.#versions.keys()]
      .filter((key) => key.startsWith(prefix) && (options.after === undefined || key > options.after))
      .sort()
      .flatMap((key) => this.#asOf(key, at) ?? []);
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const items = found
      .slice(0, limit)
      .map((item) => (options.keysOnly === true ? { ...item, value: '' } : { ...item }));
    return { items, revision: now, more: found.length > limit };
  }

  /** Keys that are bound to a lease now, in the order in which etcd deletes them with it. */
  boundTo(lease: string): string[] {
    return [...this.#versions.keys()].filter((key) => this.newest(key)?.lease === lease).sort();
  }

  #asOf(key: string, revision: number): StoredKey | undefined {
    return this.#versions.get(key)?.findLast(({ modRevision }) => modRevision <= revision)?.item;
  }
}
