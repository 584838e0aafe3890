/** A first-in, first-out set: append, take the oldest, and remove any member, each in constant time. */

interface Link {
  value: bigint;
  before: Link | undefined;
  after: Link | undefined;
}

/** A linked list beside a map; a bare Map would scan over the holes that removals at its head leave. */
export class FifoSet {
  readonly #links = new Map<bigint, Link>();
  #oldest: Link | undefined;
  #newest: Link | undefined;

  get size(): number {
    return this.#links.size;
  }

  /** The member that was appended first; undefined when there is none. */
  get oldest(): bigint | undefined {
    return this.#oldest?.value;
  }

  has(value: bigint): boolean {
    return this.#links.has(value);
  }

  /** Adds a value as the newest; one that is a member already becomes the newest. */
  append(value: bigint): void {
    this.delete(value);
    const link: Link = { value, before: this.#newest, after: undefined };
    if (this.#newest === undefined) this.#oldest = link;
    else this.#newest.after = link;
    this.#newest = link;
    this.#links.set(value, link);
  }

  /** Removes a member; false when it is none. */
  delete(value: bigint): boolean {
    const link = this.#links.get(value);
    if (link === undefined) return false;
    if (link.before === undefined) this.#oldest = link.after;
    else link.before.after = link.after;
    if (link.after === undefined) this.#newest = link.before;
    else link.after.before = link.before;
    return this.#links.delete(value);
  }
}
