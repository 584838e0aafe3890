/** PURE: one page of a list that is sorted by a key. */
import type { Page } from '../page.ts';

export interface PageRequest {
  limit?: number;
  /** The key that the page before ended with. */
  after?: string;
  /** Revision of the store that the items are from. */
  revision?: number;
}

/** The items whose key comes after `after`, at most `limit` (default 1,000), and where the next page begins. */
export function pageOf<T>(
  sorted: readonly T[],
  keyOf: (item: T) => string,
  { limit = 1_000, after, revision = 0 }: PageRequest,
): Page<T> {
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, revision, next: last !== undefined && rest.length > limit ? keyOf(last) : null };
}
