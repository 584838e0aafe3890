/** What a replica lists is free of contradictions in itself: it may be old, but it shows one owner to a subnet. */
import { ofKind, type HistoryEvent } from '../history/event.ts';

/** Every list that names a subnet twice, in words. */
export function listViolations(history: readonly HistoryEvent[]): string[] {
  return ofKind(history, 'operation').flatMap(({ name, process, endMs, grants = [] }) => {
    if (name !== 'list') return [];
    const seen = new Set<string>();
    return grants
      .filter(({ cidr }) => seen.size === seen.add(cidr).size)
      .map(({ cidr }) => `${process} listed ${cidr} twice at ${Math.round(endMs)} ms`);
  });
}
