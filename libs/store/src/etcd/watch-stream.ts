/** One watch on one member: events by revision, progress when idle, and an error as soon as the member goes silent. */
import type { IEvent, IWatchResponse } from 'etcd3';
import { CompactedError, StoreRefusedError, StoreUnavailableError, type WatchBatch, type WatchEvent } from '../port.ts';
import { isForbidden } from './errors.ts';
import { hangUp } from './hang-up.ts';
import type { Member } from './members.ts';
import { prefixEnd, toStoredKey } from './wire.ts';

/** A member that has said nothing for so long is asked how far it is. */
const askAfterMs = 5_000;
/** No answer to that for so long: the member is gone. */
const patienceMs = 3_000;

/** Batches of events from `fromRevision` on. Ends by throwing, or returns when the signal aborts. */
export async function* watchMember(
  member: Pick<Member, 'watch'>,
  prefix: string,
  fromRevision: number,
  signal: AbortSignal,
): AsyncIterable<WatchBatch> {
  const stream = await member.watch.watchClient.watch();
  const inbox = new Inbox<IWatchResponse>();
  let silence: NodeJS.Timeout | undefined;
  const listen = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      stream.write({ progress_request: {} });
      silence = setTimeout(() => inbox.fail(new StoreUnavailableError('watch')), patienceMs);
    }, askAfterMs);
  };
  const onAbort = (): void => inbox.end();
  signal.addEventListener('abort', onAbort, { once: true });
  stream.on('data', (response) => {
    listen();
    inbox.put(response);
  });
  stream.on('error', (error) => inbox.fail(error));
  stream.on('end', () => inbox.fail(new Error('the watch stream ended')));
  try {
    listen();
    stream.write({
      create_request: {
        key: Buffer.from(prefix),
        range_end: prefixEnd(prefix),
        // FENCE: etcd takes a watch from the very revision that it compacted to, and has forgotten what was deleted in it. From one earlier it refuses.
        start_revision: String(Math.max(1, fromRevision - 1)),
        progress_notify: true,
        fragment: true,
      },
    });
    if (signal.aborted) onAbort();
    yield* batchesOf(inbox, fromRevision);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', onAbort);
    hangUp(stream);
  }
}

/** Joins the fragments of a response and refuses a store whose revision lies before what we have already seen. */
async function* batchesOf(inbox: Inbox<IWatchResponse>, fromRevision: number): AsyncIterable<WatchBatch> {
  let fragments: IEvent[] = [];
  for await (const response of inbox) {
    if (response.canceled) {
      const compacted = Number(response.compact_revision);
      if (isForbidden(response.cancel_reason)) throw new StoreRefusedError('watch', response.cancel_reason);
      throw compacted > 0
        ? new CompactedError(compacted)
        : new StoreUnavailableError(`watch: ${response.cancel_reason}`);
    }
    const revision = Number(response.header.revision);
    // A watch from a revision that the store has not reached waits in silence: its history is another one than ours.
    if (revision < fromRevision - 1)
      throw new StoreUnavailableError(`watch: the store is at revision ${revision}, before ${fromRevision}`);
    fragments = [...fragments, ...response.events];
    if (response.fragment) continue;
    // The answer to `created` says that the watch is open, but nothing of what it has delivered: only events and progress move us on.
    if (response.created) {
      yield { revision: fromRevision - 1, events: [] };
      continue;
    }
    const isProgress = fragments.length === 0;
    const events = fragments.map(toEvent).filter((event) => revisionOf(event) >= fromRevision);
    fragments = [];
    if (events.length === 0 && !isProgress) continue;
    yield { revision: events.length === 0 ? revision : lastRevision(events), events };
  }
}

function toEvent({ type, kv }: IEvent): WatchEvent {
  // The generated type says a number; with `enums: String` the wire layer gives names.
  if (String(type) === 'Delete')
    return { kind: 'delete', key: kv.key.toString('utf8'), modRevision: Number(kv.mod_revision) };
  return { kind: 'put', item: toStoredKey(kv) };
}

function lastRevision(events: readonly WatchEvent[]): number {
  return Math.max(...events.map(revisionOf));
}

function revisionOf(event: WatchEvent): number {
  return event.kind === 'put' ? event.item.modRevision : event.modRevision;
}

/** Between a stream's callbacks and one reader. */
class Inbox<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #end: { error: unknown } | 'ended' | undefined;
  #wake: (() => void) | undefined;

  put(value: T): void {
    this.#waiting.push(value);
    this.#wake?.();
  }

  end(): void {
    this.#end ??= 'ended';
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const value = this.#waiting.shift();
      if (value !== undefined) yield value;
      else if (this.#end === 'ended') return;
      else if (this.#end !== undefined) throw this.#end.error;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
