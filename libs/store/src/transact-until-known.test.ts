/** A lost answer is settled by repeating, and given up only when its time is over. */
import { ManualClock } from '@wgcni/testing';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from './memory/store.ts';
import { StoreRefusedError, StoreUnavailableError } from './port.ts';
import { transactUntilKnown } from './transact-until-known.ts';

const random = { bytes: (count: number) => new Uint8Array(count), unit: () => 0.5 };
const once = {
  compare: [{ key: '/a', target: 'create' as const, equals: 0 }],
  then: [{ kind: 'put' as const, key: '/a', value: 'mine' }],
  readOnConflict: ['/a'],
};

describe('a transaction whose answer may be lost', () => {
  it('commits once when only requests are lost', async () => {
    const clock = new ManualClock();
    const store = MemoryStore.alone(clock);
    store.faults.requestsToLose = 3;
    const outcome = transactUntilKnown(store, once, { clock, random, deadlineMs: 10_000 });
    await clock.advance(10_000);
    expect((await outcome).arm).toBe('committed');
    expect(store.backend.get('/a')?.value).toBe('mine');
  });

  it('finds its own earlier success as a conflict', async () => {
    const clock = new ManualClock();
    const store = MemoryStore.alone(clock);
    store.faults.answersToLose = 1;
    const outcome = transactUntilKnown(store, once, { clock, random, deadlineMs: 10_000 });
    await clock.advance(10_000);
    expect(await outcome).toMatchObject({ arm: 'conflict', found: [{ value: 'mine' }] });
  });

  it('is given up as unknown when its time is over', async () => {
    const clock = new ManualClock();
    const store = MemoryStore.alone(clock);
    store.faults.isPartitioned = true;
    const given = expect(transactUntilKnown(store, once, { clock, random, deadlineMs: 2_000 })).rejects.toThrow(
      StoreUnavailableError,
    );
    await clock.advance(2_000);
    await given;
  });

  it('is surely not applied when the first try is refused, and unknown when a later one is', async () => {
    const clock = new ManualClock();
    const store = MemoryStore.alone(clock);
    const lose = store.transact.bind(store);
    const refuse = (): Promise<never> => Promise.reject(new StoreRefusedError('transact', new Error('no')));
    const options = { clock, random, deadlineMs: 10_000 };
    store.transact = refuse;
    await expect(transactUntilKnown(store, once, options)).rejects.toThrow(StoreRefusedError);
    store.faults.answersToLose = 1;
    store.transact = (transaction) => {
      store.transact = refuse;
      return lose(transaction);
    };
    const given = expect(transactUntilKnown(store, once, options)).rejects.toThrow(StoreUnavailableError);
    await clock.advance(10_000);
    await given;
    expect(store.backend.get('/a')?.value).toBe('mine');
  });

  it('stops when its signal aborts', async () => {
    const clock = new ManualClock();
    const store = MemoryStore.alone(clock);
    store.faults.isPartitioned = true;
    const stop = new AbortController();
    const { signal } = stop;
    const given = expect(
      transactUntilKnown(store, once, { clock, random, deadlineMs: 60_000, signal }),
    ).rejects.toThrow();
    await clock.advance(500);
    stop.abort();
    await given;
  });
});
