/** Events as they come: asked for again and again, also past a restart of who is asked. */
import { type Event, type EventPage, type EventQuery, longestWaitSec } from '@wgcni/api';
import { CatalogueError, type Clock, messageOf } from '@wgcni/base';
import { follow, type Followed } from './show-events.ts';

export type Ask = (query: EventQuery, signal?: AbortSignal) => Promise<EventPage>;

export interface Follower {
  /** Called with each event, once. */
  show: (event: Event) => void;
  /** Called once when nobody answers any more. */
  complain: (why: string) => void;
  clock: Pick<Clock, 'sleep'>;
}

/** Whoever does not answer is asked again after this long. */
const againMs = 2_000;

/** Until the signal aborts. Throws what the first question throws: then the target is wrong; later only what asking again cannot help. */
export async function followEvents(
  ask: Ask,
  query: EventQuery,
  { show, complain, clock }: Follower,
  signal: AbortSignal,
): Promise<void> {
  const first = await ask(query, signal);
  first.items.forEach(show);
  let followed: Followed = { last: first.last ?? undefined, shownUntil: first.items.at(-1)?.at ?? first.since };
  let isAway = false;
  while (!signal.aborted) {
    const { last: after } = followed;
    try {
      const page = await ask({ ...query, wait: longestWaitSec, ...(after === undefined ? {} : { after }) }, signal);
      const told = follow(followed, page);
      ({ followed } = told);
      isAway = false;
      told.fresh.forEach(show);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CatalogueError && error.retryable)) throw error;
      if (!isAway) complain(messageOf(error));
      isAway = true;
      // An aborted sleep ends the loop.
      await clock.sleep(againMs, signal).catch(() => undefined);
    }
  }
}
