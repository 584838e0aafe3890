/** The store in memory keeps the contract of etcd, and shows the faults of a network when told to. */
import { ManualClock } from '@wgcni/testing';
import { describe, expect, it } from 'vitest';
import { LeaseGoneError, StoreUnavailableError } from '../port.ts';
import { describeStore } from '../store-contract.ts';
import { MemoryBackend } from './backend.ts';
import { MemoryStore } from './store.ts';

describeStore('the store in memory', async () => {
  const clock = new ManualClock();
  const backend = new MemoryBackend(clock);
  return {
    store: new MemoryStore(backend),
    prefix: '/t/',
    elapse: async (ms) => {
      await clock.advance(ms);
      backend.expireLeases();
    },
  };
});

const put = (value: string) => ({ compare: [], then: [{ kind: 'put' as const, key: '/a', value }] });

describe('the faults of the store in memory', () => {
  it('lose an answer of what was applied, and a request that was not', async () => {
    const store = MemoryStore.alone(new ManualClock());
    store.faults.answersToLose = 1;
    expect((await store.transact(put('1'))).arm).toBe('unknown');
    expect((await store.get('/a')).item?.value).toBe('1');
    store.faults.requestsToLose = 1;
    expect((await store.transact(put('2'))).arm).toBe('unknown');
    expect((await store.get('/a')).item?.value).toBe('1');
    expect((await store.transact(put('3'))).arm).toBe('committed');
  });

  it('let nothing through to a client that is cut off, and everything to another', async () => {
    const backend = new MemoryBackend(new ManualClock());
    const [cut, other] = [new MemoryStore(backend), new MemoryStore(backend)];
    const lease = await cut.grantLease(30);
    cut.faults.isPartitioned = true;
    expect((await cut.transact(put('1'))).arm).toBe('unknown');
    for (const call of [
      () => cut.get('/a'),
      () => cut.range('/'),
      () => cut.grantLease(2),
      () => cut.keepAlive(lease),
      () => cut.revokeLease(lease),
      () => cut.compact(1),
      () => cut.watch('/', 1, new AbortController().signal)[Symbol.asyncIterator]().next(),
    ])
      await expect(call()).rejects.toThrow(StoreUnavailableError);
    expect((await other.transact(put('2'))).arm).toBe('committed');
    await cut.close();
  });

  it('break a watch that is cut off while it waits, and one of a store that went back', async () => {
    const backend = new MemoryBackend(new ManualClock());
    const store = new MemoryStore(backend);
    const restore = backend.snapshot();
    for (const breakIt of [() => (store.faults.isPartitioned = true), restore]) {
      store.faults.isPartitioned = false;
      await store.transact(put('1'));
      const watch = store.watch('/', backend.revision + 1, new AbortController().signal)[Symbol.asyncIterator]();
      await watch.next();
      const next = watch.next();
      breakIt();
      await new MemoryStore(backend).transact(put('2'));
      await expect(next).rejects.toThrow(StoreUnavailableError);
    }
  });

  it('break a watch between two batches', async () => {
    const store = MemoryStore.alone(new ManualClock());
    await store.transact(put('1'));
    await store.transact(put('2'));
    const watch = store.watch('/', 2, new AbortController().signal)[Symbol.asyncIterator]();
    expect(await watch.next()).toMatchObject({ value: { revision: 2 } });
    store.faults.isPartitioned = true;
    await expect(watch.next()).rejects.toThrow(StoreUnavailableError);
  });

  it('restore what a snapshot holds, its leases with their whole time before them', async () => {
    const clock = new ManualClock();
    const backend = new MemoryBackend(clock);
    const store = new MemoryStore(backend);
    const lease = await store.grantLease(10);
    await store.transact({ compare: [], then: [{ kind: 'put', key: '/a', value: '1', lease }] });
    const { revision } = await store.get('/a');
    const restore = backend.snapshot();
    await store.transact(put('2'));
    await clock.advance(9_000);
    restore();
    expect(await store.get('/a')).toMatchObject({ item: { value: '1', lease }, revision });
    await clock.advance(9_000);
    expect(await store.keepAlive(lease)).toBe(10);
    await clock.advance(10_000);
    await expect(store.keepAlive(lease)).rejects.toThrow(LeaseGoneError);
  });

  it('show a watcher nothing of another prefix', async () => {
    const store = MemoryStore.alone(new ManualClock());
    const stop = new AbortController();
    const watch = store.watch('/mine/', 2, stop.signal)[Symbol.asyncIterator]();
    await watch.next();
    const next = watch.next();
    await store.transact({ compare: [], then: [{ kind: 'put', key: '/other/a', value: '1' }] });
    expect(await next).toMatchObject({ value: { events: [], revision: 2 } });
    stop.abort();
    expect(await watch.next()).toMatchObject({ done: true });
  });

  it('make no revision for the deletion of what is not there', async () => {
    const store = MemoryStore.alone(new ManualClock());
    const { revision } = await store.get('/a');
    await store.transact({ compare: [], then: [{ kind: 'delete', key: '/a' }] });
    expect((await store.get('/a')).revision).toBe(revision);
  });
});
