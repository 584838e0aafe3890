/** What is kept of what happened, and who is told when. */
import { type Log, silentLog } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import { describe, expect, it } from 'vitest';
import { EventRing, type Happening } from './event-ring.ts';

const restored: Happening = { kind: 'repair.route-restored', subject: 'route 10.0.1.0/24', message: 'is there again' };
const contested: Happening = {
  kind: 'repair.contested',
  subject: 'route 10.0.1.0/24',
  message: 'three times',
  cause: 'c',
  remedy: 'r',
};

function ring(more: { clock?: ManualClock; log?: Log; first?: number; capacity?: number } = {}): EventRing {
  const { clock = new ManualClock(), log = silentLog, first = 1, capacity = 3 } = more;
  const random = { bytes: (count: number) => new Uint8Array(count).fill(first), unit: () => 0 };
  return new EventRing({ clock, random, log }, capacity);
}

const numbers = (items: { id: string }[]): string[] => items.map(({ id }) => id.replace(/.*-/, ''));
const never = new AbortController().signal;

describe('the events of a process', () => {
  it('are told oldest first, with what is not known as null', () => {
    const events = ring();
    events.tell(restored);
    events.tell(contested);
    expect(events.list()).toEqual({
      items: [
        { id: '0101010101010101-1', at: '2023-11-14T22:30:00.000Z', ...restored, cause: null, remedy: null },
        { id: '0101010101010101-2', at: '2023-11-14T22:30:00.000Z', ...contested },
      ],
      revision: 0,
      next: null,
      last: '0101010101010101-2',
      since: '2023-11-14T22:30:00.000Z',
    });
  });

  it('are logged under their own name, as loud as their kind is', () => {
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, warn: (fields, event) => void lines.push([event, fields]) };
    ring({ log }).tell(contested, { publicKey: 'k' });
    expect(lines).toEqual([
      [
        'repair.contested',
        { subject: 'route 10.0.1.0/24', message: 'three times', cause: 'c', remedy: 'r', publicKey: 'k' },
      ],
    ]);
  });

  it('are forgotten from the oldest on, and the list says since when it knows', async () => {
    const clock = new ManualClock();
    const events = ring({ clock });
    for (let told = 0; told < 5; told += 1) {
      await clock.advance(1_000);
      events.tell(restored);
    }
    const { items, since } = events.list();
    expect(numbers(items)).toEqual(['3', '4', '5']);
    expect(since).toBe('2023-11-14T22:30:02.000Z');
  });

  it('come in pages, and by kind or by what a kind begins with', () => {
    const events = ring();
    for (const one of [restored, contested, restored]) events.tell(one);
    const first = events.list({ limit: 2 });
    expect([numbers(first.items), first.next, first.last]).toEqual([
      ['1', '2'],
      '0101010101010101-2',
      '0101010101010101-2',
    ]);
    const rest = events.list({ limit: 2, after: first.next ?? '' });
    expect([numbers(rest.items), rest.next]).toEqual([['3'], null]);
    expect(numbers(events.list({ kind: 'repair' }).items)).toEqual(['1', '2', '3']);
    expect(numbers(events.list({ kind: 'repair.contested' }).items)).toEqual(['2']);
    expect(events.list({ kind: 'rep' }).items).toEqual([]);
  });

  it('begin anew for who followed another list, or asks after what is no id', () => {
    const events = ring({ first: 2 });
    events.tell(restored);
    for (const after of ['0101010101010101-7', 'nonsense', '-', '0202020202020202-x', ''])
      expect(numbers(events.list({ after }).items), after).toEqual(['1']);
    expect(events.list({ after: '0202020202020202-1' }).items).toEqual([]);
  });
});

describe('waiting for an event', () => {
  it('ends at once when there is one, and when nobody asked to wait', async () => {
    const events = ring();
    expect((await events.listSoon({}, never)).items).toEqual([]);
    events.tell(restored);
    expect((await events.listSoon({ wait: 50 }, never)).items).toHaveLength(1);
  });

  it('ends with the next one of the kind', async () => {
    const clock = new ManualClock();
    const events = ring({ clock });
    const waiting = events.listSoon({ wait: 50, kind: 'repair.contested' }, never);
    await clock.advance(10_000);
    events.tell(restored);
    await clock.advance(10_000);
    events.tell(contested);
    expect(numbers((await waiting).items)).toEqual(['2']);
  });

  it('ends when its time is over, with where to go on from', async () => {
    const clock = new ManualClock();
    const events = ring({ clock });
    events.tell(restored);
    const waiting = events.listSoon({ wait: 5, after: events.list().last ?? '' }, never);
    await clock.advance(5_000);
    expect(await waiting).toMatchObject({ items: [], last: '0101010101010101-1' });
  });

  it('ends when who asked is gone', async () => {
    const gone = new AbortController();
    const waiting = ring().listSoon({ wait: 50 }, gone.signal);
    gone.abort();
    expect((await waiting).items).toEqual([]);
  });
});
