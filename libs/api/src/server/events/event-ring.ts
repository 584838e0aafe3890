/** The newest events of this process, in memory: for people who look now; the log is what lasts. */
import type { Clock, Log, Random } from '@wgcni/base';
import { type EventKind, eventKinds } from '../../event-kinds.ts';
import { type Event, type EventPage, type EventQuery, mostEvents } from '../../events.ts';

/** What is told of; without `cause` or `remedy` there is none to say. */
export interface Happening {
  kind: EventKind;
  subject: string;
  message: string;
  cause?: string | undefined;
  remedy?: string | undefined;
}

export interface EventRingDeps {
  clock: Clock;
  random: Random;
  log: Log;
}

export class EventRing {
  readonly #deps: EventRingDeps;
  readonly #list: string;
  readonly #capacity: number;
  readonly #waiting = new Set<() => void>();
  #events: { number: number; event: Event }[] = [];
  #count = 0;
  #since: string;

  constructor(deps: EventRingDeps, capacity = mostEvents) {
    this.#deps = deps;
    this.#capacity = capacity;
    this.#list = Buffer.from(deps.random.bytes(8)).toString('hex');
    this.#since = this.#now();
  }

  /** Keeps it, logs it under the same name with these fields too, and wakes who waits. */
  tell({ kind, subject, message, cause, remedy }: Happening, fields: object = {}): void {
    this.#count += 1;
    const event: Event = {
      id: this.#idOf(this.#count),
      at: this.#now(),
      ...{ kind, subject, message, cause: cause ?? null, remedy: remedy ?? null },
    };
    this.#events.push({ number: this.#count, event });
    const forgotten = this.#events.length > this.#capacity ? this.#events.shift() : undefined;
    if (forgotten !== undefined) this.#since = forgotten.event.at;
    const { level } = eventKinds[kind];
    this.#deps.log[level](
      {
        subject,
        message,
        ...(cause === undefined ? {} : { cause }),
        ...(remedy === undefined ? {} : { remedy }),
        ...fields,
      },
      kind,
    );
    for (const wake of this.#waiting) wake();
  }

  /** What there is now. */
  list({ limit = mostEvents, after, kind }: EventQuery = {}): EventPage {
    const from = this.#numberOf(after);
    const found = this.#events.filter(({ number, event }) => number > from && isOf(event, kind));
    const items = found.slice(0, limit).map(({ event }) => event);
    const hasMore = found.length > items.length;
    const end = items.at(-1)?.id ?? null;
    return {
      items,
      revision: 0,
      next: hasMore ? end : null,
      last: hasMore ? end : this.#count === 0 ? null : this.#idOf(this.#count),
      since: this.#since,
    };
  }

  /** The same, but not before there is something to answer with, `wait` seconds have passed or the signal aborts. */
  async listSoon(query: EventQuery, signal: AbortSignal): Promise<EventPage> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + (query.wait ?? 0) * 1_000;
    for (;;) {
      const page = this.list(query);
      const leftMs = untilMs - clock.monotonicMs();
      if (page.items.length > 0 || leftMs <= 0 || signal.aborted) return page;
      await this.#sleep(leftMs, signal);
    }
  }

  /** Until the next event, and `ms` at most. */
  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#waiting.add(wake);
    // However it ends, the caller looks again.
    await this.#deps.clock.sleep(ms, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
    this.#waiting.delete(wake);
  }

  #now(): string {
    return new Date(this.#deps.clock.wallMs()).toISOString();
  }

  #idOf(number: number): string {
    return `${this.#list}-${number}`;
  }

  /** 0, before the first, for an id of another list. */
  #numberOf(id: string | undefined): number {
    const [list, number = ''] = (id ?? '').split('-');
    return list === this.#list && /^[0-9]{1,15}$/.test(number) ? Number(number) : 0;
  }
}

function isOf({ kind }: Event, wanted: string | undefined): boolean {
  return wanted === undefined || kind === wanted || kind.startsWith(`${wanted}.`);
}
