/** The adapter on a real etcd of three members: the contract, and what it does when members fail. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog, systemClock, systemRandom } from '@wgcni/base';
import { dockerMember, testEtcd } from '@wgcni/testing';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { StoredKey } from '../port.ts';
import { Election } from '../session/election.ts';
import { describeStore } from '../store-contract.ts';
import { transactUntilKnown } from '../transact-until-known.ts';
import { Reflector } from '../watch/reflector.ts';
import { EtcdStore } from './store.ts';

const etcd = testEtcd();
const opened: EtcdStore[] = [];
const openStore = (): EtcdStore => {
  const store = new EtcdStore(etcd);
  opened.push(store);
  return store;
};
const uniquePrefix = (): string => `/test-store/${randomBytes(6).toString('hex')}/`;
const deps = { clock: systemClock, random: systemRandom, log: silentLog };
const shared = openStore();

afterAll(async () => {
  for (const store of opened) await store.close();
});

describeStore('the store on etcd', async () => ({
  store: shared,
  prefix: uniquePrefix(),
  elapse: (ms) => sleep(ms),
}));

describe('an election on etcd', () => {
  const stops: AbortController[] = [];
  const runs: Promise<void>[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) stop.abort();
    await Promise.all(runs.splice(0));
  });

  const stand = (key: string, value: string) => {
    const store = openStore();
    const stop = new AbortController();
    const election = new Election({ ...deps, store, key, value, ttlSec: 5 });
    stops.push(stop);
    runs.push(election.run(stop.signal));
    return { store, stop, election };
  };
  const leads = async ({ election }: { election: Election }, withinMs: number): Promise<number> => {
    const startedAt = performance.now();
    await expect.poll(() => election.leadership !== undefined, { timeout: withinMs, interval: 10 }).toBe(true);
    return performance.now() - startedAt;
  };

  it('hands over within half a second of a resignation', async () => {
    const key = `${uniquePrefix()}leader`;
    const one = stand(key, 'one');
    await leads(one, 5_000);
    const two = stand(key, 'two');
    await expect.poll(() => two.election.holder?.value, { timeout: 5_000 }).toBe('one');
    one.stop.abort();
    const tookMs = await leads(two, 5_000);
    console.log(`the next leader after a resignation: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(500);
  });

  it('has a new leader within 6 s of the death of the old one, which then can write nothing', async () => {
    const key = `${uniquePrefix()}leader`;
    const one = stand(key, 'one');
    await leads(one, 5_000);
    const fence = one.election.leadership?.fence ?? [];
    const two = stand(key, 'two');
    await expect.poll(() => two.election.holder?.value, { timeout: 5_000 }).toBe('one');
    // Its connections break, as when its process is killed: nobody renews its lease.
    await one.store.close();
    const tookMs = await leads(two, 10_000);
    console.log(`the next leader after the death of one: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(6_000);
    const late = { compare: [...fence], then: [{ kind: 'put' as const, key: `${key}-late`, value: 'late' }] };
    expect((await shared.transact(late)).arm).toBe('conflict');
    expect((await shared.get(`${key}-late`)).item).toBeUndefined();
  });
});

describe('when a member of etcd fails', () => {
  it.each(['pause', 'kill'] as const)(
    'by %s, a copy misses no write and no write is lost or doubled',
    async (fault) => {
      const prefix = uniquePrefix();
      const store = openStore();
      const member = dockerMember('etcd-1');
      const stop = new AbortController();
      const reflector = new Reflector({ ...deps, store, prefix });
      const seen: StoredKey[] = [];
      const following = reflector.run(stop.signal, (change) => {
        if (change.kind === 'snapshot') seen.push(...change.items.values());
        else for (const event of change.events) if (event.kind === 'put') seen.push(event.item);
      });
      await expect.poll(() => reflector.isSynced, { timeout: 5_000 }).toBe(true);
      const total = 60;
      for (let index = 0; index < total; index += 1) {
        if (index === 20) await member[fault]();
        const key = `${prefix}${String(index).padStart(3, '0')}`;
        const outcome = await transactUntilKnown(
          store,
          {
            compare: [{ key, target: 'create', equals: 0 }],
            then: [{ kind: 'put', key, value: String(index) }],
            readOnConflict: [key],
          },
          { ...deps, deadlineMs: 20_000 },
        );
        if (outcome.arm === 'conflict') expect(outcome.found[0]?.value).toBe(String(index));
      }
      await (fault === 'pause' ? member.unpause() : member.start());
      await expect.poll(() => reflector.items.size, { timeout: 15_000 }).toBe(total);
      const { items } = await shared.range(prefix);
      expect(items.map(({ value }) => Number(value))).toEqual(Array.from({ length: total }, (_, index) => index));
      expect(items.every(({ createRevision, modRevision }) => createRevision === modRevision)).toBe(true);
      stop.abort();
      await following;
    },
  );
});
