/** Events as an operator reads them, and as one who follows does. */
import type { Event, EventPage } from '@wgcni/api';
import { describe, expect, it } from 'vitest';
import { follow, showEvent, showEvents } from './show-events.ts';

const event = (list: string, number: number, second = number): Event => ({
  id: `${list}-${number}`,
  at: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`,
  kind: 'repair.route-restored',
  subject: 'route 10.64.2.0/24',
  message: 'was removed, and is there again',
  cause: null,
  remedy: null,
});
const page = (items: Event[], last: string | null = items.at(-1)?.id ?? null): EventPage => ({
  ...{ items, last, revision: 0, next: null, since: '2026-01-01T00:00:00.000Z' },
});
const begun = { shownUntil: '' };

describe('events as text', () => {
  it('are a line each, with why and what to do where that is known', () => {
    expect(showEvent(event('a', 1))).toBe(
      '2026-01-01T00:00:01Z  repair.route-restored  route 10.64.2.0/24: was removed, and is there again',
    );
    expect(showEvent({ ...event('a', 1), cause: 'no answer', remedy: 'look at it' })).toMatch(
      / \(no answer\); look at it$/,
    );
  });

  it('say since when nothing happened', () => {
    expect(showEvents(page([]))).toBe('nothing happened since 2026-01-01T00:00:00.000Z');
  });
});

describe('who follows', () => {
  it('sees each event once, and goes on from the newest', () => {
    const first = follow(begun, page([event('a', 1), event('a', 2)]));
    expect(first.fresh).toHaveLength(2);
    expect(first.followed.last).toBe('a-2');
    const second = follow(first.followed, page([event('a', 3)]));
    expect(second.fresh.map(({ id }) => id)).toEqual(['a-3']);
  });

  it('goes on where it was when nothing came', () => {
    const { followed } = follow(begun, page([event('a', 1)]));
    expect(follow(followed, page([], 'a-1'))).toEqual({ fresh: [], followed });
  });

  it('sees of another list only what is younger than what it was shown', () => {
    const { followed } = follow(begun, page([event('a', 1, 5)]));
    const other = follow(followed, page([event('b', 1, 4), event('b', 2, 6)]));
    expect(other.fresh.map(({ id }) => id)).toEqual(['b-2']);
    expect(other.followed.last).toBe('b-2');
  });

  it('follows a list that begins empty', () => {
    const { followed } = follow(begun, page([event('a', 1)]));
    const emptied = follow(followed, page([], null));
    expect(emptied.followed.last).toBeUndefined();
    expect(follow(emptied.followed, page([event('b', 1, 9)])).fresh).toHaveLength(1);
  });
});
