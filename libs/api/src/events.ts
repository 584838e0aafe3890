/** What happened, in the words of a person: the list that each program keeps of it, and how it is asked for. */
import { type Static, Type } from '@sinclair/typebox';
import { Revision } from './formats.ts';

/** So many are kept; what came before them is forgotten. */
export const mostEvents = 1_000;
/** An answer is waited for at most this long, in seconds: less than a connection may be idle. */
export const longestWaitSec = 50;

/** The list that it is in, and its number there. */
const EventIdText = Type.String({
  pattern: '^[0-9a-f]{16}-[0-9]{1,15}$',
  description: 'begins anew, with another first part, whenever the program starts',
  examples: ['5f1c0d0b9a7e4c21-17'],
});
const InstantText = Type.String({ format: 'date-time', maxLength: 30 });

export const EventSchema = Type.Object(
  {
    id: EventIdText,
    at: InstantText,
    kind: Type.String({
      pattern: '^[a-z]+(\\.[a-z-]+)+$',
      maxLength: 60,
      description: 'stable; the log line of it has the same name',
      examples: ['repair.peer-restored'],
    }),
    subject: Type.String({ description: 'what it happened to', examples: ['peer node-2 of wgcni-mesh'] }),
    message: Type.String({ description: 'what happened' }),
    cause: Type.Union([Type.String(), Type.Null()], { description: 'why, where it is known' }),
    remedy: Type.Union([Type.String(), Type.Null()], { description: 'what to do, where there is something' }),
  },
  { $id: 'Event' },
);

export const EventQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: mostEvents, default: mostEvents, description: 'most items in the answer' }),
    ),
    after: Type.Optional(
      Type.String({
        maxLength: 64,
        description: 'only what came after the event of this id; everything when that was of a list before a restart',
      }),
    ),
    kind: Type.Optional(
      Type.String({
        pattern: '^[a-z]+(\\.[a-z-]+)*$',
        maxLength: 60,
        description: 'only events of this kind, or of the kinds that begin with it and a dot',
        examples: ['repair'],
      }),
    ),
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: longestWaitSec,
        default: 0,
        description: 'seconds to wait for an event when there is none to answer with',
      }),
    ),
  },
  { additionalProperties: false },
);

export const EventPageSchema = Type.Object(
  {
    items: Type.Array(Type.Unsafe<Event>({ $ref: 'Event#' }), { description: 'the oldest first' }),
    revision: Revision,
    next: Type.Union([EventIdText, Type.Null()], {
      description: 'give it as `after` for the next page; null at the end',
    }),
    last: Type.Union([EventIdText, Type.Null()], {
      description: 'the newest event that was looked at: give it as `after`, with `wait`, to follow',
    }),
    since: Type.String({
      ...InstantText,
      description: 'nothing is known of before: the program started then, or has forgotten it',
    }),
  },
  { $id: 'EventPage' },
);

export type Event = Static<typeof EventSchema>;
export type EventQuery = Static<typeof EventQuery>;
export interface EventPage {
  items: Event[];
  revision: number;
  next: string | null;
  last: string | null;
  since: string;
}

/** Where they are asked for. */
export function eventsPath(query: EventQuery): string {
  const pairs = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  return pairs.length === 0 ? '/v1/events' : `/v1/events?${new URLSearchParams(pairs).toString()}`;
}
