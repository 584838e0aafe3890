/** One leader at a time, by its own clock and by the fence; a resignation hands over at once. */
import { silentLog } from '@wgcni/base';
import { ManualClock, settled } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBackend } from '../memory/backend.ts';
import { MemoryStore } from '../memory/store.ts';
import { LeaseGoneError, StoreRefusedError } from '../port.ts';
import { Election } from './election.ts';
import { LeaseSession } from './lease-session.ts';

const random = { bytes: (count: number) => new Uint8Array(count), unit: () => 0.5 };
const ttlSec = 5;

describe('an election', () => {
  let clock: ManualClock;
  let backend: MemoryBackend;
  let candidates: { store: MemoryStore; election: Election; stop: AbortController; running: Promise<void> }[];

  beforeEach(() => {
    clock = new ManualClock();
    backend = new MemoryBackend(clock);
    candidates = [];
  });
  afterEach(async () => {
    for (const { stop, store } of candidates) {
      store.faults.isPartitioned = false;
      stop.abort();
    }
    await clock.advance(5_000);
    await Promise.all(candidates.map(({ running }) => running));
  });

  const stand = (value: string) => {
    const store = new MemoryStore(backend);
    const stop = new AbortController();
    const election = new Election({ store, clock, random, log: silentLog, key: '/leader', value, ttlSec });
    const candidate = { store, election, stop, running: election.run(stop.signal) };
    candidates.push(candidate);
    return candidate;
  };
  const leaders = (): number => candidates.filter(({ election }) => election.leadership !== undefined).length;
  /** Moves time on and lets the store end leases as etcd does by itself; never two leaders on the way. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      await clock.advance(100);
      backend.expireLeases();
      await settled();
      expect(leaders()).toBeLessThanOrEqual(1);
    }
  };

  it('has one leader, whom the others see', async () => {
    const [one, two] = [stand('one'), stand('two')];
    await pass(200);
    expect(leaders()).toBe(1);
    expect([one.election.holder?.value, two.election.holder?.value]).toEqual(['one', 'one']);
    await pass(30_000);
    expect(one.election.leadership?.term).toBe(one.election.holder?.createRevision);
  });

  it('hands over at once when the leader resigns', async () => {
    const [one, two] = [stand('one'), stand('two')];
    await pass(200);
    let told = 0;
    const unsubscribe = two.election.onChange(() => (told += 1));
    const ended = one.election.leadership?.ended;
    one.stop.abort();
    await pass(300);
    expect(two.election.leadership).toBeDefined();
    expect([ended?.aborted, one.election.leadership]).toEqual([true, undefined]);
    expect(told).toBeGreaterThan(0);
    unsubscribe();
  });

  it('has no leader at all before another takes over from one that is cut off', async () => {
    const [one, two] = [stand('one'), stand('two')];
    await pass(200);
    const before = one.election.leadership;
    one.store.faults.isPartitioned = true;
    await pass((ttlSec * 1_000 * 2) / 3 + 200);
    expect(one.election.leadership).toBeUndefined();
    expect(before?.isValid()).toBe(false);
    expect(two.election.leadership).toBeUndefined();
    await pass(2_500);
    expect(two.election.leadership?.term).toBeGreaterThan(before?.term ?? 0);
  });

  it('is not disturbed by a cut that is shorter than the leader may believe in itself', async () => {
    const [one, two] = [stand('one'), stand('two')];
    await pass(200);
    const term = one.election.leadership?.term;
    for (const { store } of [one, two]) store.faults.isPartitioned = true;
    await new MemoryStore(backend).transact({ compare: [], then: [{ kind: 'put', key: '/other', value: '' }] });
    await pass(1_500);
    for (const { store } of [one, two]) store.faults.isPartitioned = false;
    await pass(5_000);
    expect([one.election.leadership?.term, two.election.leadership]).toEqual([term, undefined]);
    one.stop.abort();
    await pass(1_000);
    expect(two.election.leadership).toBeDefined();
  });

  it('lets a deposed leader write nothing', async () => {
    const [one, two] = [stand('one'), stand('two')];
    await pass(200);
    const fence = one.election.leadership?.fence ?? [];
    const write = { compare: [...fence], then: [{ kind: 'put' as const, key: '/w', value: 'late' }] };
    expect((await one.store.transact(write)).arm).toBe('committed');
    one.store.faults.isPartitioned = true;
    await pass(8_000);
    expect(two.election.leadership).toBeDefined();
    one.store.faults.isPartitioned = false;
    expect((await one.store.transact(write)).arm).toBe('conflict');
  });

  it('goes on by itself after the whole store was away, and after the key was deleted by hand', async () => {
    const [one, two] = [stand('one'), stand('two')];
    await pass(200);
    for (const { store } of [one, two]) store.faults.isPartitioned = true;
    await pass(10_000);
    expect(leaders()).toBe(0);
    for (const { store } of [one, two]) store.faults.isPartitioned = false;
    await pass(3_000);
    expect(leaders()).toBe(1);
    await new MemoryStore(backend).transact({ compare: [], then: [{ kind: 'delete', key: '/leader' }] });
    await pass(3_000);
    expect(leaders()).toBe(1);
  });

  it('is not disturbed by a key that is rewritten as it was', async () => {
    const [one, two] = [stand('one'), stand('two')];
    await pass(200);
    const { term } = one.election.leadership ?? {};
    const { lease = '0' } = one.election.holder ?? {};
    await two.store.transact({ compare: [], then: [{ kind: 'put', key: '/leader', value: 'one', lease }] });
    await two.store.transact({ compare: [], then: [{ kind: 'put', key: '/leader/other', value: 'x' }] });
    await pass(1_000);
    expect([one.election.leadership?.term, two.election.leadership]).toEqual([term, undefined]);
  });

  it('stands again when the key went while it was read', async () => {
    const one = stand('one');
    const transact = one.store.transact.bind(one.store);
    let isFirst = true;
    one.store.transact = async (transaction) => {
      if (!isFirst) return transact(transaction);
      isFirst = false;
      return { arm: 'conflict', revision: backend.revision, found: [] };
    };
    await pass(1_000);
    expect(one.election.leadership).toBeDefined();
  });

  it('ends while the store is away, without waiting for it', async () => {
    const one = stand('one');
    one.store.faults.isPartitioned = true;
    await pass(1_000);
    one.stop.abort();
    await one.running;
    expect(one.election.leadership).toBeUndefined();
  });

  it('steps down when its term ends, not when the last call of that term does', async () => {
    const store = new MemoryStore(backend);
    const said: string[] = [];
    const log = { ...silentLog, info: (_: object, event: string) => void said.push(event) };
    const election = new Election({ store, clock, random, log, key: '/leader', value: 'one', ttlSec });
    let tell = (): void => {};
    store.get = () => new Promise((_, reject) => (tell = () => reject(new Error('late'))));
    const stop = new AbortController();
    const running = election.run(stop.signal);
    await pass(200);
    expect(said).toEqual(['leader.elected']);
    let heard: boolean | undefined;
    election.onChange(() => (heard = election.leadership !== undefined));
    store.faults.isPartitioned = true;
    await pass((ttlSec * 1_000 * 2) / 3 + 200);
    expect([said, heard]).toEqual([['leader.elected', 'leader.stepped-down'], false]);
    stop.abort();
    tell();
    await pass(2_000);
    await running;
    expect(said).toHaveLength(2);
  });

  it('says once, and not at each try, that the store does not allow it to stand', async () => {
    const one = new MemoryStore(backend);
    const grantLease = one.grantLease.bind(one);
    one.grantLease = () => Promise.reject(new StoreRefusedError('grantLease', new Error('permission denied')));
    const said: unknown[] = [];
    const log = { ...silentLog, warn: (fields: object, event: string) => void said.push([event, fields]) };
    const election = new Election({ store: one, clock, random, log, key: '/leader', value: 'one', ttlSec });
    const stop = new AbortController();
    const running = election.run(stop.signal);
    await pass(5_000);
    expect(said).toEqual([['election.failed', { cause: expect.stringContaining('wgcni etcd setup') as string }]]);
    one.grantLease = grantLease;
    await pass(1_000);
    expect(election.leadership).toBeDefined();
    stop.abort();
    await running;
  });

  it('recognises a key that was taken by its own request whose answer was lost', async () => {
    const one = stand('one');
    one.store.faults.answersToLose = 1;
    await pass(1_000);
    expect(one.election.leadership).toBeDefined();
  });
});

describe('a lease session', () => {
  const open = async () => {
    const clock = new ManualClock();
    const store = MemoryStore.alone(clock);
    return { clock, store, session: await LeaseSession.open({ store, clock, log: silentLog, ttlSec: 6 }) };
  };

  it('is believed in for two thirds of its TTL after the last answer', async () => {
    const { clock, session } = await open();
    await clock.advance(3_999);
    expect(session.isValid()).toBe(true);
    await clock.advance(1);
    expect(session.isValid()).toBe(false);
  });

  it('tells that it is believed in again after its process stood still past the deadline', async () => {
    const clock = new ManualClock();
    let revived = 0;
    const onRevived = (): void => void (revived += 1);
    const store = MemoryStore.alone(clock);
    const session = await LeaseSession.open({ store, clock, log: silentLog, ttlSec: 6, onRevived });
    await clock.advance(4_100);
    expect(session.isValid()).toBe(false);
    const stop = new AbortController();
    const running = session.run(stop.signal);
    await clock.advance(5_000);
    expect([session.isValid(), revived]).toEqual([true, 1]);
    stop.abort();
    await running;
  });

  it('is believed in from when a keep-alive was sent, however late its answer comes', async () => {
    const { clock, store, session } = await open();
    const keepAlive = store.keepAlive.bind(store);
    store.keepAlive = async (lease) => {
      const ttlSec = await keepAlive(lease);
      await clock.sleep(1_000);
      return ttlSec;
    };
    const stop = new AbortController();
    const running = session.run(stop.signal);
    // Sent at 0 s, answered at 1 s; the next one is sent at 1.5 s and is never answered.
    await clock.advance(1_400);
    store.faults.isPartitioned = true;
    await clock.advance(2_599);
    expect(session.isValid()).toBe(true);
    await clock.advance(1);
    expect(session.isValid()).toBe(false);
    stop.abort();
    await running;
  });

  it('lives while it is kept alive, through failures that are shorter', async () => {
    const { clock, store, session } = await open();
    const stop = new AbortController();
    const running = session.run(stop.signal);
    await clock.advance(20_000);
    store.faults.isPartitioned = true;
    await clock.advance(2_000);
    store.faults.isPartitioned = false;
    await clock.advance(20_000);
    expect([session.isValid(), session.lost.aborted]).toEqual([true, false]);
    stop.abort();
    await running;
  });

  it('is lost at its deadline when nobody answers', async () => {
    const { clock, store, session } = await open();
    const running = session.run(new AbortController().signal);
    store.faults.isPartitioned = true;
    await clock.advance(5_600);
    await running;
    expect(session.lost.aborted).toBe(true);
  });

  it('is lost as soon as the store says that the lease is gone', async () => {
    const { clock, store, session } = await open();
    await store.revokeLease(session.lease);
    const running = session.run(new AbortController().signal);
    await clock.advance(10);
    await running;
    expect([session.isValid(), session.lost.aborted]).toEqual([false, true]);
  });

  it('ends its lease when it is closed, once', async () => {
    const { store, session } = await open();
    await session.close();
    await session.close();
    await expect(store.keepAlive(session.lease)).rejects.toThrow(LeaseGoneError);
  });
});
