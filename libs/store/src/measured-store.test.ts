/** A measured store is the store, and tells of each call once: how long it took and how it ended. */
import { ManualClock } from '@wgcni/testing';
import { expect, it } from 'vitest';
import { MeasuredStore, type StoreCall } from './measured-store.ts';
import { MemoryBackend } from './memory/backend.ts';
import { MemoryStore } from './memory/store.ts';
import { StoreRefusedError, type Store } from './port.ts';
import { describeStore } from './store-contract.ts';

describeStore('the measured store', async () => {
  const clock = new ManualClock();
  const backend = new MemoryBackend(clock);
  return {
    store: new MeasuredStore(new MemoryStore(backend), clock, () => {}),
    prefix: '/t/',
    elapse: async (ms) => {
      await clock.advance(ms);
      backend.expireLeases();
    },
  };
});

function measured() {
  const clock = new ManualClock();
  const memory = MemoryStore.alone(clock);
  const calls: StoreCall[] = [];
  const store = new MeasuredStore(memory, clock, (call) => calls.push(call));
  const outcomes = (): string[] => calls.splice(0).map(({ operation, outcome }) => `${operation} ${outcome}`);
  return { clock, memory, store, calls, outcomes };
}

const put = { compare: [], then: [{ kind: 'put' as const, key: '/a', value: '1' }] };
const absent = { ...put, compare: [{ key: '/a', target: 'create' as const, equals: 0 }] };

it('tells the arm of a transaction', async () => {
  const { memory, store, outcomes } = measured();
  await store.transact(absent);
  await store.transact(absent);
  memory.faults.answersToLose = 1;
  await store.transact(put);
  expect(outcomes()).toEqual(['transact ok', 'transact conflict', 'transact unknown']);
});

it('tells by what a call failed, and throws it', async () => {
  const { memory, store, outcomes } = measured();
  await expect(store.keepAlive('77')).rejects.toThrow('77');
  memory.faults.isPartitioned = true;
  await expect(store.get('/a')).rejects.toThrow();
  const refusing: Store = Object.assign(Object.create(memory) as Store, {
    range: () => Promise.reject(new StoreRefusedError('range')),
    compact: () => Promise.reject(new RangeError('other')),
  });
  const calls: string[] = [];
  const other = new MeasuredStore(refusing, new ManualClock(), ({ outcome }) => calls.push(outcome));
  await expect(other.range('/a/')).rejects.toThrow(StoreRefusedError);
  await expect(other.compact(1)).rejects.toThrow('other');
  const caller = new AbortController();
  caller.abort();
  await expect(other.range('/a/', { signal: caller.signal })).rejects.toThrow();
  expect([...outcomes(), ...calls]).toEqual([
    ...['keepAlive lease-gone', 'get unavailable'],
    ...['refused', 'failed', 'aborted'],
  ]);
});

it('tells how long a call took, and nothing of a watch', async () => {
  const { clock, memory, store, calls } = measured();
  memory.get = async () => {
    await clock.sleep(30);
    return { item: undefined, revision: 1 };
  };
  const reading = store.get('/a');
  await clock.advance(30);
  await reading;
  const ended = new AbortController();
  const watching = (async () => {
    for await (const _ of store.watch('/', 1, ended.signal)) ended.abort();
  })();
  await store.transact(put);
  ended.abort();
  await watching;
  expect(calls.filter(({ operation }) => operation !== 'transact')).toEqual([
    { operation: 'get', outcome: 'ok', ms: 30 },
  ]);
});
