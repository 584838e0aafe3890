/** The records under one prefix, by their name; what cannot be read is set aside and its last good state stays. */
import type { Static, TSchema } from '@sinclair/typebox';
import { decodeRecord, type LeaseId, type StoredKey } from '@wgcni/store';

/** A record with the key it stands under, whose revisions a transaction compares. */
export interface Kept<T> {
  record: T;
  item: StoredKey;
}

export class Table<T extends TSchema> {
  readonly #schema: T;
  readonly #kept = new Map<string, Kept<Static<T>>>();
  readonly #unreadable = new Map<string, StoredKey>();
  /** Key → why it could not be read. */
  readonly quarantined = new Map<string, string>();

  constructor(schema: T) {
    this.#schema = schema;
  }

  get(key: string): Kept<Static<T>> | undefined {
    return this.#kept.get(key);
  }

  /** What stands under a key in the store, whether or not it can be read: not the last good state of what cannot. */
  standing(key: string): StoredKey | undefined {
    return this.#unreadable.get(key) ?? this.#kept.get(key)?.item;
  }

  /** Whether a key stands under this lease, whether or not it can be read. */
  isBoundTo(lease: LeaseId): boolean {
    return [...this.#kept.keys(), ...this.#unreadable.keys()].some((key) => this.standing(key)?.lease === lease);
  }

  /** Revision of the readable record for a compare; 0 when there is none. FENCE: what cannot be read makes a plan by its last good state fail. */
  modRevision(key: string): number {
    return this.#kept.get(key)?.item.modRevision ?? 0;
  }

  /** All records, in the order of their keys. */
  all(): Kept<Static<T>>[] {
    return [...this.#kept.values()].sort((one, other) => (one.item.key < other.item.key ? -1 : 1));
  }

  /** Takes a key in; resolves to the readable record, or undefined when it is quarantined. */
  put(item: StoredKey): Kept<Static<T>> | undefined {
    const decoded = decodeRecord(this.#schema, item);
    if (decoded.kind === 'quarantined') {
      this.quarantined.set(item.key, decoded.reason);
      this.#unreadable.set(item.key, item);
      return undefined;
    }
    this.#release(item.key);
    const kept = { record: decoded.record, item };
    this.#kept.set(item.key, kept);
    return kept;
  }

  delete(key: string): Kept<Static<T>> | undefined {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    this.#release(key);
    return kept;
  }

  clear(): void {
    this.#kept.clear();
    this.#unreadable.clear();
    this.quarantined.clear();
  }

  #release(key: string): void {
    this.#unreadable.delete(key);
    this.quarantined.delete(key);
  }
}
