/** What every adapter of the store must do, told as tests; each runs under a prefix of its own. */
import { beforeEach, describe, expect, it } from 'vitest';
import { CompactedError, LeaseGoneError, type Store, type StoredKey, type WatchBatch } from './port.ts';

export interface StoreUnderTest {
  store: Store;
  /** Ends in '/'; nothing else writes under it. */
  prefix: string;
  /** Lets so much time pass for leases. */
  elapse(ms: number): Promise<void>;
}

/** Registers the suite. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let store: Store;
    let prefix: string;
    let elapse: StoreUnderTest['elapse'];
    beforeEach(async () => {
      ({ store, prefix, elapse } = await open());
    });

    const put = (key: string, value: string, lease?: string) =>
      store.transact({
        compare: [],
        then: [{ kind: 'put', key: prefix + key, value, ...(lease === undefined ? {} : { lease }) }],
      });
    const remove = (key: string) => store.transact({ compare: [], then: [{ kind: 'delete', key: prefix + key }] });
    const read = async (key: string): Promise<StoredKey | undefined> => (await store.get(prefix + key)).item;
    const revisionOf = async (): Promise<number> => (await store.get(prefix)).revision;

    it('keeps a key with the revisions of its making and its last change', async () => {
      const made = await put('a', '1');
      const changed = await put('a', '2');
      const item = await read('a');
      expect(item).toEqual({
        key: `${prefix}a`,
        value: '2',
        createRevision: 'revision' in made ? made.revision : 0,
        modRevision: 'revision' in changed ? changed.revision : 0,
        lease: '0',
      });
      expect(await revisionOf()).toBeGreaterThanOrEqual(item?.modRevision ?? 0);
    });

    it('makes a key anew after it was deleted', async () => {
      const before = await put('a', '1');
      await remove('a');
      expect(await read('a')).toBeUndefined();
      await put('a', '2');
      expect((await read('a'))?.createRevision).toBeGreaterThan('revision' in before ? before.revision : 0);
    });

    it('lists what stands under a prefix in the order of the keys, and nothing beside it', async () => {
      for (const key of ['p/b', 'p/a', 'pp', 'q/c']) await put(key, key);
      const { items, more } = await store.range(`${prefix}p/`);
      expect(items.map(({ key }) => key)).toEqual([`${prefix}p/a`, `${prefix}p/b`]);
      expect(more).toBe(false);
      const bare = await store.range(`${prefix}p/`, { keysOnly: true });
      expect(bare.items.map(({ value }) => value)).toEqual(['', '']);
    });

    it('lists page by page as of one revision, whatever is written meanwhile', async () => {
      for (const key of ['a', 'b', 'c']) await put(key, '1');
      const first = await store.range(prefix, { limit: 2 });
      expect([first.items.length, first.more]).toEqual([2, true]);
      await put('a2', '2');
      await put('c', '2');
      await remove('b');
      const rest = { revision: first.revision, after: `${prefix}b`, limit: 2 };
      const second = await store.range(prefix, rest);
      expect(second.items.map(({ key, value }) => [key, value])).toEqual([[`${prefix}c`, '1']]);
      expect(second.more).toBe(false);
    });

    it('commits a transaction whose compares all hold, and else writes nothing and shows what stands there', async () => {
      const made = await put('a', '1');
      const modRevision = 'revision' in made ? made.revision : 0;
      const guarded = (equals: number, value: string) =>
        store.transact({
          compare: [
            { key: `${prefix}a`, target: 'mod', equals },
            { key: `${prefix}new`, target: 'create', equals: 0 },
          ],
          then: [
            { kind: 'put', key: `${prefix}a`, value },
            { kind: 'put', key: `${prefix}new`, value },
          ],
          readOnConflict: [`${prefix}a`, `${prefix}absent`],
        });
      const refused = await guarded(modRevision - 1, 'no');
      expect(refused).toMatchObject({ arm: 'conflict', found: [{ key: `${prefix}a`, value: '1', modRevision }] });
      expect(await read('new')).toBeUndefined();
      expect((await guarded(modRevision, 'yes')).arm).toBe('committed');
      expect([(await read('a'))?.value, (await read('new'))?.value]).toEqual(['yes', 'yes']);
      expect((await read('a'))?.modRevision).toBe((await read('new'))?.modRevision);
    });

    it('compares making, change, value and lease of a key', async () => {
      const lease = await store.grantLease(30);
      const made = await put('a', 'v', lease);
      const revision = 'revision' in made ? made.revision : 0;
      const key = `${prefix}a`;
      const holds = async (compare: Parameters<Store['transact']>[0]['compare'][number]): Promise<boolean> =>
        (await store.transact({ compare: [compare], then: [] })).arm === 'committed';
      expect(await holds({ key, target: 'create', equals: revision })).toBe(true);
      expect(await holds({ key, target: 'create', equals: 0 })).toBe(false);
      expect(await holds({ key, target: 'mod', equals: revision })).toBe(true);
      expect(await holds({ key, target: 'value', equals: 'v' })).toBe(true);
      expect(await holds({ key, target: 'value', equals: 'w' })).toBe(false);
      expect(await holds({ key, target: 'lease', equals: lease })).toBe(true);
      expect(await holds({ key, target: 'lease', equals: '0' })).toBe(false);
      const absent = `${prefix}absent`;
      expect(await holds({ key: absent, target: 'create', equals: 0 })).toBe(true);
      expect(await holds({ key: absent, target: 'mod', equals: 0 })).toBe(true);
      expect(await holds({ key: absent, target: 'lease', equals: '0' })).toBe(true);
      expect(await holds({ key: absent, target: 'value', equals: '' })).toBe(false);
    });

    it('refuses a transaction that writes one key twice', async () => {
      const write = { kind: 'put', key: `${prefix}a`, value: '1' } as const;
      await expect(store.transact({ compare: [], then: [write, write] })).rejects.toThrow(/duplicate key/);
      expect(await read('a')).toBeUndefined();
    });

    it('lets exactly one of many win the same key', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          store.transact({
            compare: [{ key: `${prefix}one`, target: 'create', equals: 0 }],
            then: [{ kind: 'put', key: `${prefix}one`, value: String(index) }],
            readOnConflict: [`${prefix}one`],
          }),
        ),
      );
      const winner = outcomes.findIndex(({ arm }) => arm === 'committed');
      expect(outcomes.filter(({ arm }) => arm === 'committed')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.arm === 'conflict') expect(outcome.found[0]?.value).toBe(String(winner));
    });

    it('deletes the keys of a lease when it is revoked, and a second revocation is fine', async () => {
      const lease = await store.grantLease(30);
      await put('a', '1', lease);
      await put('b', '1', lease);
      await put('b', '2');
      await store.revokeLease(lease);
      await store.revokeLease(lease);
      expect([await read('a'), (await read('b'))?.value]).toEqual([undefined, '2']);
    });

    it('deletes the keys of a lease in their order, not in that of their making', async () => {
      const lease = await store.grantLease(30);
      for (const key of ['b', 'a', 'c']) await put(key, '1', lease);
      const stop = new AbortController();
      const seen = collect(store.watch(prefix, (await revisionOf()) + 1, stop.signal), stop, 3);
      await store.revokeLease(lease);
      const deleted = (await seen).flatMap(({ events }) => events.map((event) => event.kind === 'delete' && event.key));
      expect(deleted).toEqual(['a', 'b', 'c'].map((key) => prefix + key));
    });

    it('deletes the keys of a lease when its time is over, and not while it is kept alive', async () => {
      const [kept, left] = [await store.grantLease(2), await store.grantLease(2)];
      await put('kept', '1', kept);
      await put('left', '1', left);
      for (let second = 0; second < 4; second += 1) {
        await elapse(1_000);
        expect(await store.keepAlive(kept)).toBe(2);
      }
      expect([(await read('kept'))?.value, await read('left')]).toEqual(['1', undefined]);
      await expect(store.keepAlive(left)).rejects.toThrow(LeaseGoneError);
    });

    it('refuses to bind a key to a lease that is gone', async () => {
      const lease = await store.grantLease(30);
      await store.revokeLease(lease);
      await expect(put('a', '1', lease)).rejects.toThrow(LeaseGoneError);
      expect(await read('a')).toBeUndefined();
    });

    it('shows a watcher every change from a revision on, those of one transaction together', async () => {
      const from = (await revisionOf()) + 1;
      await put('before', '1');
      const stop = new AbortController();
      const seen = collect(store.watch(prefix, from, stop.signal), stop, 4);
      await store.transact({
        compare: [],
        then: [
          { kind: 'put', key: `${prefix}x`, value: '1' },
          { kind: 'delete', key: `${prefix}before` },
        ],
      });
      await put('y', '1');
      const batches = await seen;
      const told = new Map<number, string[]>();
      batches.forEach(({ events, revision }, index) => {
        for (const event of events) {
          const [at, text] =
            event.kind === 'put'
              ? [event.item.modRevision, `put ${event.item.key}`]
              : [event.modRevision, `delete ${event.key}`];
          told.set(at, [...(told.get(at) ?? []), text].sort());
          expect(at).toBeLessThanOrEqual(revision);
          expect(at).toBeGreaterThan(batches[index - 1]?.revision ?? 0);
        }
      });
      expect([...told.values()]).toEqual([
        [`put ${prefix}before`],
        [`delete ${prefix}before`, `put ${prefix}x`],
        [`put ${prefix}y`],
      ]);
    });

    it('tells a watcher that it is alive before anything has changed', async () => {
      const stop = new AbortController();
      for await (const { events, revision } of store.watch(prefix, (await revisionOf()) + 1, stop.signal)) {
        expect(events).toEqual([]);
        expect(revision).toBeGreaterThan(0);
        break;
      }
      stop.abort();
    });

    it('tells a watcher of no revision before it has shown everything up to it', async () => {
      const from = (await revisionOf()) + 1;
      for (const value of ['1', '2', '3', '4']) await put('a', value);
      const stop = new AbortController();
      let newest = from - 1;
      let shown = 0;
      for await (const { events, revision } of store.watch(prefix, from, stop.signal)) {
        for (const event of events) {
          const at = event.kind === 'put' ? event.item.modRevision : event.modRevision;
          expect(at).toBeGreaterThan(newest);
        }
        newest = revision;
        shown += events.length;
        if (shown === 4) break;
      }
      stop.abort();
    });

    it('ends a watch when its signal aborts', async () => {
      const stop = new AbortController();
      const ended = (async () => {
        for await (const _ of store.watch(prefix, (await revisionOf()) + 1, stop.signal)) stop.abort();
      })();
      await expect(ended).resolves.toBeUndefined();
    });

    it('says so when the history that is asked for was compacted', async () => {
      const from = await revisionOf();
      for (const value of ['1', '2', '3']) await put('a', value);
      await store.compact(await revisionOf());
      const watching = (async () => {
        for await (const { events } of store.watch(prefix, from, AbortSignal.timeout(5_000)))
          if (events.length > 0) return events;
        return undefined;
      })();
      await expect(watching).rejects.toThrow(CompactedError);
      await expect(store.range(prefix, { revision: from })).rejects.toThrow(CompactedError);
    });
  });
}

/** Batches with events, until so many events were seen. */
async function collect(watch: AsyncIterable<WatchBatch>, stop: AbortController, count: number): Promise<WatchBatch[]> {
  const batches: WatchBatch[] = [];
  let seen = 0;
  for await (const batch of watch) {
    if (batch.events.length > 0) batches.push(batch);
    seen += batch.events.length;
    if (seen >= count) break;
  }
  stop.abort();
  return batches;
}
