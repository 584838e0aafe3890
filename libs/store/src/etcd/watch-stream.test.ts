/** A watch on a stream as etcd speaks it: nothing counts as seen before it was delivered. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CompactedError, StoreRefusedError, StoreUnavailableError, type WatchBatch } from '../port.ts';
import type { Member } from './members.ts';
import { watchMember } from './watch-stream.ts';

/** What a test's etcd says down the stream. */
class WatchStream extends EventEmitter {
  readonly written: object[] = [];

  write(request: object): void {
    this.written.push(request);
  }

  end(): void {}

  cancel(): void {}

  say(revision: number, said: object = {}): void {
    const silent = { created: false, canceled: false, fragment: false, events: [], compact_revision: '0' };
    this.emit('data', { ...silent, header: { revision: String(revision) }, ...said });
  }
}

const put = (modRevision: number) => ({
  type: 'Put',
  kv: {
    key: Buffer.from(`/p/${modRevision}`),
    value: Buffer.from(''),
    create_revision: String(modRevision),
    mod_revision: String(modRevision),
    lease: '0',
  },
});

describe('a watch', () => {
  const from = 11;
  let stream: WatchStream;
  let stop: AbortController;
  let seen: { revision: number; events: number[] }[];
  let watching: Promise<void>;
  beforeEach(async () => {
    stream = new WatchStream();
    stop = new AbortController();
    seen = [];
    const member = { watch: { watchClient: { watch: async () => stream } } } as unknown as Member;
    watching = (async () => {
      for await (const batch of watchMember(member, '/p/', from, stop.signal)) seen.push(told(batch));
    })();
    watching.catch(() => undefined);
    await settle();
  });
  afterEach(async () => {
    stop.abort();
    await watching.catch(() => undefined);
  });

  const told = ({ revision, events }: WatchBatch) => ({
    revision,
    events: events.map((event) => (event.kind === 'put' ? event.item.modRevision : event.modRevision)),
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('asks from one revision earlier: etcd has forgotten the deletions of the one that it compacted to', () => {
    expect(stream.written).toMatchObject([{ create_request: { start_revision: '10', progress_notify: true } }]);
  });

  it('takes the reply that it is open for a sign of life, and its revision for nothing: the backlog is still to come', async () => {
    stream.say(40, { created: true });
    await settle();
    expect(seen).toEqual([{ revision: from - 1, events: [] }]);
    stream.say(40, { events: [put(12), put(30)] });
    await settle();
    stream.say(40);
    await settle();
    expect(seen.slice(1)).toEqual([
      { revision: 30, events: [12, 30] },
      { revision: 40, events: [] },
    ]);
  });

  it('takes the fragments of one answer together, and counts none of them before the last', async () => {
    stream.say(40, { events: [put(12)], fragment: true });
    await settle();
    expect(seen).toEqual([]);
    stream.say(40, { events: [put(13)] });
    await settle();
    expect(seen).toEqual([{ revision: 13, events: [12, 13] }]);
  });

  it('ends when the history that it asks for is gone', async () => {
    stream.say(40, { canceled: true, compact_revision: '20' });
    await expect(watching).rejects.toThrow(CompactedError);
  });

  it('ends when it is not allowed, and says what to do', async () => {
    const cancel_reason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
    stream.say(40, { created: true, canceled: true, cancel_reason });
    await expect(watching).rejects.toThrow(StoreRefusedError);
    await expect(watching).rejects.toThrow(/wgcni etcd setup/);
  });

  it('ends at a store that has not come as far as we have: it has another history', async () => {
    stream.say(5, { created: true });
    await expect(watching).rejects.toThrow(StoreUnavailableError);
  });
});
