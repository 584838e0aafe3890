/** PURE: events as lines for people, and which of a list's are new to who follows. */
import type { Event, EventPage } from '@wgcni/api';
import { oneLine } from '@wgcni/base';

/** One line each: when, kind, what it happened to, what happened, why, and what to do. */
export function showEvent({ at, kind, subject, message, cause, remedy }: Event): string {
  const why = cause === null ? '' : ` (${cause})`;
  const what = remedy === null ? '' : `; ${remedy}`;
  return oneLine(`${at.replace(/\.\d+Z$/, 'Z')}  ${kind}  ${subject}: ${message}${why}${what}`);
}

export function showEvents({ items, since }: Pick<EventPage, 'items' | 'since'>): string {
  return items.length === 0 ? `nothing happened since ${since}` : items.map(showEvent).join('\n');
}

/** Where a follower is: the newest event that it was told of. */
export interface Followed {
  /** Given as `after`; undefined before the first answer. */
  last?: string | undefined;
  /** Nothing of before this is shown again. */
  shownUntil: string;
}

/**
 * What of a page a follower has not seen, and where it is then. Another list, of a program that has started again or of another replica, begins
 * with what may have been shown already: of it only what is younger counts.
 */
export function follow(followed: Followed, page: EventPage): { fresh: Event[]; followed: Followed } {
  const isSameList = followed.last === undefined || listOf(followed.last) === listOf(page.last ?? followed.last);
  const fresh = isSameList ? page.items : page.items.filter(({ at }) => at > followed.shownUntil);
  return {
    fresh,
    followed: { last: page.last ?? undefined, shownUntil: fresh.at(-1)?.at ?? followed.shownUntil },
  };
}

function listOf(id: string): string {
  return id.replace(/-.*$/, '');
}
