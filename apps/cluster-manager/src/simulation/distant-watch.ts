/** Watches over a link: in order, late, joined, silent while the link is cut, and broken when that lasts. */
import { CompactedError, StoreUnavailableError, type WatchBatch } from '@wgcni/store';
import type { Actor } from './actor.ts';
import type { Link } from './link.ts';
import type { StoreServer } from './store-server.ts';

/** A silent member is noticed after five to eight seconds, as in the adapter for etcd. */
const leastPatienceMs = 3_000;
const mostPatienceMs = 5_500;
const lookEveryMs = 2_500;
/** So many of a hundred deliveries bring everything that waits as one batch. */
const joiningPercent = 30;

export class DistantWatches {
  /** By so much every delivery is late. */
  lagMs = 0;
  readonly #actor: Actor;
  readonly #link: Link;
  readonly #server: StoreServer;
  readonly #open = new Set<Stream>();

  constructor(actor: Actor, link: Link, server: StoreServer) {
    this.#actor = actor;
    this.#link = link;
    this.#server = server;
  }

  /** Breaks what is open: the member went, or its store was restored. */
  breakAll(): void {
    for (const stream of [...this.#open]) this.#fail(stream, new StoreUnavailableError('watch'));
  }

  /** The process has died. */
  abandon(): void {
    for (const stream of this.#open) stream.detach?.();
    this.#open.clear();
  }

  async *open(prefix: string, fromRevision: number, signal: AbortSignal): AsyncGenerator<WatchBatch> {
    const stream = new Stream(prefix);
    const onAbort = (): void => stream.end(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.#open.add(stream);
    this.#watchSilence(stream);
    this.#link.send('there', () => this.#attach(stream, fromRevision));
    try {
      yield* stream.batches();
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#open.delete(stream);
      stream.detach?.();
    }
  }

  /** The member has got the request. */
  #attach(stream: Stream, fromRevision: number): void {
    if (!this.#open.has(stream)) return;
    const { backend } = this.#server;
    this.#server.expire();
    try {
      const backlog = backend.since(fromRevision);
      if (backend.revision < fromRevision - 1) throw new StoreUnavailableError('watch: the store is older');
      stream.outgoing.push({ revision: fromRevision - 1, events: [] });
      for (const batch of backlog) stream.take(batch);
    } catch (error) {
      if (!(error instanceof CompactedError || error instanceof StoreUnavailableError)) throw error;
      this.#link.send('back', () => this.#fail(stream, error));
      return;
    }
    stream.detach = this.#server.onChange((change) => {
      if (change.kind === 'commit' && stream.take(change.commit)) this.#deliver(stream);
    });
    this.#deliver(stream);
  }

  /** Sends what waits, one after the other, so that the order stays. */
  #deliver(stream: Stream): void {
    if (stream.isUnderWay || stream.outgoing.length === 0 || !this.#open.has(stream)) return;
    stream.isUnderWay = true;
    const arrive = (): void => {
      if (this.#link.isCut('back') || this.#link.isCut('there')) return this.#link.whenHealed(arrive);
      stream.isUnderWay = false;
      stream.arrive(this.#actor.random.chance(joiningPercent));
      this.#actor.receive(() => stream.takeIn());
      this.#deliver(stream);
    };
    this.#link.carry(arrive, this.lagMs);
  }

  #watchSilence(stream: Stream): void {
    const patienceMs = leastPatienceMs + this.#actor.random.unit() * (mostPatienceMs - leastPatienceMs);
    const look = (silentMs: number): void => {
      if (!this.#open.has(stream)) return;
      const isSilent = this.#link.isCut('back') || this.#link.isCut('there') || !stream.hasOpened;
      if (isSilent && silentMs >= patienceMs) this.#fail(stream, new StoreUnavailableError('watch'));
      else this.#actor.after(lookEveryMs, () => look(isSilent ? silentMs + lookEveryMs : 0));
    };
    look(0);
  }

  #fail(stream: Stream, error: Error): void {
    this.#open.delete(stream);
    stream.detach?.();
    this.#actor.receive(() => stream.end(error));
  }
}

/** One watch: what the member has still to send, what has arrived, and who waits for it. */
class Stream {
  readonly prefix: string;
  readonly outgoing: WatchBatch[] = [];
  isUnderWay = false;
  hasOpened = false;
  detach: (() => void) | undefined;
  readonly #arrived: WatchBatch[] = [];
  readonly #inbox: WatchBatch[] = [];
  #end: { error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** The member keeps what concerns this watch; whether that is anything. */
  take(batch: WatchBatch): boolean {
    const events = batch.events.filter((event) =>
      (event.kind === 'put' ? event.item.key : event.key).startsWith(this.prefix),
    );
    if (events.length > 0) this.outgoing.push({ revision: batch.revision, events });
    return events.length > 0;
  }

  /** The next batch has come over the link, or all that waits as one. */
  arrive(isJoined: boolean): void {
    this.hasOpened = true;
    const count = isJoined ? this.outgoing.length : 1;
    const batches = this.outgoing.splice(0, count);
    const last = batches.at(-1);
    if (last !== undefined)
      this.#arrived.push({ revision: last.revision, events: batches.flatMap(({ events }) => events) });
  }

  /** The process takes in what has arrived. */
  takeIn(): void {
    this.#inbox.push(...this.#arrived.splice(0));
    this.#wake?.();
  }

  end(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *batches(): AsyncGenerator<WatchBatch> {
    for (;;) {
      const batch = this.#inbox.shift();
      if (batch !== undefined) yield batch;
      else if (this.#end?.error !== undefined) throw this.#end.error;
      else if (this.#end !== undefined) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
