/** Any sequence of taking and giving back does what a plain list would do, and nothing is ever enumerated. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FifoSet } from './fifo-set.ts';
import { LongestUnused } from './longest-unused.ts';
import { NaiveModel } from './naive-model.ts';

const size = 24;
const step = fc.oneof(
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constantFrom('takeExactly' as const, 'giveBack' as const), index: fc.nat(size - 1) }),
);
const range = fc
  .tuple(fc.nat(size - 1), fc.nat(3))
  .map(([first, more]) => ({ first: BigInt(first), last: BigInt(Math.min(size - 1, first + more)) }));

describe('longest unused first', () => {
  it('equals a plain list of free numbers', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 3 }), fc.array(step, { maxLength: 120 }), (reserved, steps) => {
        const reservedSet = new Set(reserved.flatMap(({ first, last }) => numbers(first, last)));
        const pool = new LongestUnused(BigInt(size), reserved);
        const model = new NaiveModel(size, reservedSet);
        for (const one of steps) {
          if (one.kind === 'take') {
            const expected = model.next();
            if (expected !== undefined) model.takeExactly(expected);
            expect(pool.take()).toBe(expected);
          } else {
            const index = BigInt(one.index);
            expect(pool[one.kind](index)).toBe(model[one.kind](index));
          }
          expect(pool.next()).toBe(model.next());
          expect(pool.freeCount).toBe(BigInt(model.free.length));
          expect(pool.takenCount).toBe(model.taken.size);
        }
        for (const index of numbers(0n, BigInt(size - 1))) {
          expect(pool.isTaken(index)).toBe(model.taken.has(index));
          expect(pool.isReserved(index)).toBe(reservedSet.has(index));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('gives the oldest that was given back once so many wait that a list of them would grow for ever', () => {
    const pool = new LongestUnused(1_000n, [], 2);
    const [one, two, three] = [pool.take(), pool.take(), pool.take()];
    pool.giveBack(two ?? -1n);
    expect(pool.next()).toBe(3n);
    pool.giveBack(one ?? -1n);
    expect([pool.take(), pool.take(), pool.take()]).toEqual([two, 3n, 4n]);
    pool.giveBack(three ?? -1n);
    expect(pool.next()).toBe(one);
  });

  it('knows a range of 2^64 numbers as quickly as one of four', () => {
    const pool = new LongestUnused(1n << 64n, [{ first: 0n, last: (1n << 63n) - 1n }]);
    expect(pool.take()).toBe(1n << 63n);
    expect(pool.freeCount).toBe((1n << 63n) - 1n);
  });
});

describe('a first-in, first-out set', () => {
  it('equals a plain list', () => {
    const op = fc.record({ kind: fc.constantFrom('append' as const, 'delete' as const), value: fc.bigInt(0n, 6n) });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
        const set = new FifoSet();
        let list: bigint[] = [];
        for (const { kind, value } of ops) {
          const had = list.includes(value);
          list = list.filter((other) => other !== value);
          if (kind === 'append') {
            list.push(value);
            set.append(value);
          } else expect(set.delete(value)).toBe(had);
          expect([set.oldest, set.size]).toEqual([list[0], list.length]);
          for (const each of list) expect(set.has(each)).toBe(true);
        }
        const drained: bigint[] = [];
        for (let next = set.oldest; next !== undefined; next = set.oldest) {
          drained.push(next);
          set.delete(next);
        }
        expect(drained).toEqual(list);
      }),
    );
  });
});

function numbers(first: bigint, last: bigint): bigint[] {
  return Array.from({ length: Number(last - first) + 1 }, (_, index) => first + BigInt(index));
}
