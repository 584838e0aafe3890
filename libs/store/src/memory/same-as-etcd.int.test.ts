/** The store in memory answers as etcd does: the same random operations on both, told in the same words. */
import { randomBytes } from 'node:crypto';
import { ManualClock, testEtcd } from '@wgcni/testing';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { EtcdStore } from '../etcd/store.ts';
import { CompactedError, LeaseGoneError, type Compare, type Store, type StoredKey, type Write } from '../port.ts';
import { MemoryStore } from './store.ts';

/** What is done, in terms that mean the same on both: keys, leases and revisions by how manieth they were made. */
type Operation =
  | { kind: 'transact'; compare: SomeCompare[]; then: SomeWrite[]; read: number[] }
  | { kind: 'get'; key: number }
  | { kind: 'range'; limit: number | undefined; after: number | undefined; at: number | undefined; keysOnly: boolean }
  | { kind: 'grant' }
  | { kind: 'keepAlive' | 'revoke'; lease: number }
  | { kind: 'compact'; back: number }
  | { kind: 'watch'; from: number };
type SomeCompare = { key: number } & (
  | { target: 'create' | 'mod'; equals: 'now' | 'absent' | number }
  | { target: 'lease'; equals: number | undefined }
  | { target: 'value'; equals: string }
);
type SomeWrite = { key: number } & ({ kind: 'put'; value: string; lease: number | undefined } | { kind: 'delete' });

const keyCount = 4;
const keyName = (index: number): string => ['a', 'a/b', 'aa', 'b'][index % keyCount] ?? 'a';
const key = fc.nat(keyCount - 1);
const value = fc.constantFrom('', 'x', 'y', '{"é":"\u2028"}');
const lease = fc.nat(3);
const compare: fc.Arbitrary<SomeCompare> = fc.oneof(
  fc.record({
    key,
    target: fc.constantFrom('create', 'mod'),
    equals: fc.oneof(fc.constantFrom('now', 'absent'), fc.nat(20)),
  }),
  fc.record({ key, target: fc.constant('lease'), equals: fc.option(lease, { nil: undefined }) }),
  fc.record({ key, target: fc.constant('value'), equals: value }),
);
const write: fc.Arbitrary<SomeWrite> = fc.oneof(
  fc.record({ kind: fc.constant('put'), key, value, lease: fc.option(lease, { nil: undefined, freq: 2 }) }),
  fc.record({ kind: fc.constant('delete'), key }),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('transact'),
      compare: fc.array(compare, { maxLength: 2 }),
      then: fc.array(write, { maxLength: 3 }),
      read: fc.array(key, { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('get'), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('range'),
      limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      after: fc.option(key, { nil: undefined }),
      at: fc.option(fc.nat(20), { nil: undefined }),
      keysOnly: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('grant') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('keepAlive', 'revoke'), lease }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact'), back: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('watch'), from: fc.nat(20) }) },
);

/** One store with the names that its revisions and leases have in the telling. */
class Teller {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #leases: string[] = [];
  /** Revisions of our commits, oldest first; other users of etcd make others in between. */
  readonly #revisions: number[] = [];

  constructor(store: Store, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  /** Does it and tells what was answered. */
  async tell(it: Operation): Promise<unknown> {
    try {
      return await this.#do(it);
    } catch (error) {
      if (error instanceof LeaseGoneError) return 'the lease is gone';
      if (error instanceof CompactedError) return 'compacted';
      if (error instanceof Error && /duplicate key/.test(error.message)) return 'refused';
      throw error;
    }
  }

  async #do(it: Operation): Promise<unknown> {
    const store = this.#store;
    switch (it.kind) {
      case 'transact':
        return this.#transact(it);
      case 'get':
        return this.#item((await store.get(this.#key(it.key))).item);
      case 'range':
        return this.#range(it);
      case 'grant':
        this.#leases.push(await store.grantLease(60));
        return 'granted';
      case 'keepAlive':
        return store.keepAlive(this.#lease(it.lease));
      case 'revoke':
        // Its keys go in a revision of their own.
        await store.revokeLease(this.#lease(it.lease));
        return this.#catchUp();
      case 'compact':
        // What lies before our first revision is not ours.
        if (this.#revisions.length === 0) return 'nothing to compact';
        await store.compact(this.#revision(this.#revisions.length - 1 - it.back));
        return 'compacted so far';
      case 'watch':
        return this.#watch(it.from);
    }
  }

  async #transact({ compare, then, read }: Extract<Operation, { kind: 'transact' }>): Promise<unknown> {
    const compares: Compare[] = [];
    for (const one of compare) compares.push(await this.#compare(one));
    const outcome = await this.#store.transact({
      compare: compares,
      then: then.map((one) => this.#write(one)),
      readOnConflict: read.map((one) => this.#key(one)),
    });
    if (outcome.arm === 'unknown') throw outcome.cause;
    if (outcome.arm === 'conflict') return ['conflict', ...outcome.found.map((item) => this.#item(item))];
    await this.#catchUp();
    return 'committed';
  }

  /** Learns the revision of what was written last, if anything was. */
  async #catchUp(): Promise<unknown> {
    const { items } = await this.#store.range(this.#prefix);
    const newest = Math.max(0, ...items.map(({ modRevision }) => modRevision));
    if (newest > (this.#revisions.at(-1) ?? 0)) this.#revisions.push(newest);
    return items.map((item) => this.#item(item));
  }

  async #range({ limit, after, at, keysOnly }: Extract<Operation, { kind: 'range' }>): Promise<unknown> {
    const { items, more } = await this.#store.range(this.#prefix, {
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after: this.#key(after) }),
      ...(at === undefined || this.#revisions.length === 0 ? {} : { revision: this.#revision(at) }),
      keysOnly,
    });
    return [more, ...items.map((item) => this.#item(item))];
  }

  /** What a watch from a revision on shows up to a last write made for it. */
  async #watch(from: number): Promise<unknown> {
    const mark = { kind: 'put', key: this.#key(0), value: `mark ${this.#revisions.length}` } as const;
    const outcome = await this.#store.transact({ compare: [], then: [mark] });
    if (outcome.arm !== 'committed') throw new Error('the mark was not written');
    await this.#catchUp();
    const told: unknown[] = [];
    const stop = new AbortController();
    for await (const { events } of this.#store.watch(this.#prefix, this.#revision(from), stop.signal)) {
      for (const event of events)
        told.push(
          event.kind === 'put'
            ? this.#item(event.item)
            : ['delete', event.key.slice(this.#prefix.length), this.#name(event.modRevision)],
        );
      if (events.some((event) => event.kind === 'put' && event.item.modRevision === outcome.revision)) break;
    }
    stop.abort();
    return told;
  }

  async #compare(one: SomeCompare): Promise<Compare> {
    const at = this.#key(one.key);
    if (one.target === 'value') return { key: at, target: 'value', equals: one.equals };
    if (one.target === 'lease')
      return { key: at, target: 'lease', equals: one.equals === undefined ? '0' : this.#lease(one.equals) };
    const { item } = await this.#store.get(at);
    const now = one.target === 'create' ? item?.createRevision : item?.modRevision;
    const equals = one.equals === 'absent' ? 0 : one.equals === 'now' ? (now ?? 0) : this.#revision(one.equals);
    return { key: at, target: one.target, equals };
  }

  #write(one: SomeWrite): Write {
    const at = this.#key(one.key);
    if (one.kind === 'delete') return { kind: 'delete', key: at };
    const bound = one.lease === undefined || this.#leases.length === 0 ? {} : { lease: this.#lease(one.lease) };
    return { kind: 'put', key: at, value: one.value, ...bound };
  }

  #key(index: number): string {
    return this.#prefix + keyName(index);
  }

  /** A lease that was never granted is one that nobody knows. */
  #lease(index: number): string {
    return this.#leases[index % Math.max(1, this.#leases.length)] ?? '7777777';
  }

  #revision(index: number): number {
    return this.#revisions[Math.max(0, index) % Math.max(1, this.#revisions.length)] ?? 1;
  }

  #item(item: StoredKey | undefined): unknown {
    if (item === undefined) return 'absent';
    return {
      key: item.key.slice(this.#prefix.length),
      value: item.value,
      created: this.#name(item.createRevision),
      changed: this.#name(item.modRevision),
      lease: item.lease === '0' ? 'none' : this.#leases.indexOf(item.lease),
    };
  }

  /** A revision by how many of our commits lie at or before it. */
  #name(revision: number): number {
    return this.#revisions.filter((one) => one <= revision).length;
  }
}

describe('the store in memory', () => {
  const etcd = new EtcdStore(testEtcd());
  afterAll(() => etcd.close());

  it('answers every sequence of operations as etcd does', async () => {
    const sequences = fc.array(operation, { minLength: 5, maxLength: 40, size: 'max' });
    let operations = 0;
    await fc.assert(
      fc.asyncProperty(sequences, async (sequence) => {
        const real = new Teller(etcd, `/same-${randomBytes(6).toString('hex')}/`);
        const fake = new Teller(MemoryStore.alone(new ManualClock()), '/same/');
        for (const one of sequence) {
          expect(await fake.tell(one)).toEqual(await real.tell(one));
          operations += 1;
        }
      }),
      { numRuns: 120 },
    );
    console.log(`${operations} operations answered alike`);
    expect(operations).toBeGreaterThan(1_000);
  }, 180_000);
});
