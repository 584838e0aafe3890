/** The copy of a prefix has no gap and no double, whatever breaks between it and the store. */
import { silentLog } from '@wgcni/base';
import { ManualClock, settled } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBackend } from '../memory/backend.ts';
import { MemoryStore } from '../memory/store.ts';
import { Reflector, type Change } from './reflector.ts';

const random = { bytes: (count: number) => new Uint8Array(count), unit: () => 0.5 };

describe('the reflector', () => {
  let clock: ManualClock;
  let backend: MemoryBackend;
  let store: MemoryStore;
  let writer: MemoryStore;
  let reflector: Reflector;
  let changes: Change[];
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(() => {
    clock = new ManualClock();
    backend = new MemoryBackend(clock);
    [store, writer] = [new MemoryStore(backend), new MemoryStore(backend)];
    changes = [];
    stop = new AbortController();
    reflector = new Reflector({ store, prefix: '/p/', clock, random, log: silentLog, pageSize: 2 });
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  const start = (): void => {
    running = reflector.run(stop.signal, (change) => changes.push(change));
  };
  const put = (key: string, value: string) =>
    writer.transact({ compare: [], then: [{ kind: 'put', key: `/p/${key}`, value }] });
  const remove = (key: string) => writer.transact({ compare: [], then: [{ kind: 'delete', key: `/p/${key}` }] });
  const copy = (): Record<string, string> =>
    Object.fromEntries([...reflector.items.values()].map(({ key, value }) => [key, value]));

  it('lists in pages, then follows put and delete', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await put(key, '1');
    start();
    await settled();
    expect(changes).toMatchObject([{ kind: 'snapshot', hasGoneBack: false, revision: backend.revision }]);
    expect(reflector.isSynced).toBe(true);
    await put('a', '2');
    await remove('e');
    await settled();
    expect(copy()).toEqual({ '/p/a': '2', '/p/b': '1', '/p/c': '1', '/p/d': '1' });
    expect(changes.map(({ kind }) => kind)).toEqual(['snapshot', 'delta', 'delta']);
    expect(reflector.revision).toBe(backend.revision);
  });

  it('keeps its copy while the store is away, and lists what it missed afterwards', async () => {
    await put('a', '1');
    start();
    await settled();
    store.faults.isPartitioned = true;
    await put('a', '2');
    await settled();
    expect([reflector.isSynced, copy()]).toEqual([false, { '/p/a': '1' }]);
    await clock.advance(5_000);
    store.faults.isPartitioned = false;
    await clock.advance(5_000);
    expect([reflector.isSynced, copy()]).toEqual([true, { '/p/a': '2' }]);
    expect(changes.map(({ kind }) => kind)).toEqual(['snapshot', 'snapshot']);
  });

  it('lists again when what it missed was compacted', async () => {
    await put('a', '1');
    start();
    await settled();
    store.faults.isPartitioned = true;
    for (const value of ['2', '3']) await put('a', value);
    await writer.compact(backend.revision);
    await clock.advance(3_000);
    store.faults.isPartitioned = false;
    await clock.advance(3_000);
    expect(copy()).toEqual({ '/p/a': '3' });
  });

  it('says so when the store is older than it was', async () => {
    await put('a', '1');
    const restore = backend.snapshot();
    start();
    await settled();
    await put('a', '2');
    await put('b', '2');
    await settled();
    restore();
    await clock.advance(3_000);
    expect(changes.at(-1)).toMatchObject({ kind: 'snapshot', hasGoneBack: true });
    expect(copy()).toEqual({ '/p/a': '1' });
  });

  it('ends while the store is away', async () => {
    store.faults.isPartitioned = true;
    start();
    await clock.advance(500);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
    expect(reflector.revision).toBe(0);
  });

  it('does not believe a watch that answers from before what it has seen', async () => {
    await put('a', '1');
    let isLying = true;
    const watch = store.watch.bind(store);
    store.watch = async function* (prefix, from, signal) {
      if (!isLying) return yield* watch(prefix, from, signal);
      isLying = false;
      yield { revision: from - 2, events: [] };
    };
    start();
    await clock.advance(1_000);
    expect(changes.map(({ kind }) => kind)).toEqual(['snapshot', 'snapshot']);
    expect(reflector.isSynced).toBe(true);
  });
});
