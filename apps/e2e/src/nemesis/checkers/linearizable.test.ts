/** The search finds an order where there is one, and says so where there is none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstContradiction, type RegisterOperation } from './linearizable.ts';

const write = (value: string, invokeMs: number, endMs: number): RegisterOperation => ({
  ...{ invokeMs, endMs, what: `write ${value}` },
  apply: () => value,
});
const read = (value: string, invokeMs: number, endMs: number): RegisterOperation => ({
  ...{ invokeMs, endMs, what: `read ${value}` },
  apply: (state) => (state === value ? state : undefined),
});

describe('a register', () => {
  it('may answer either value while a write is under way, but not the old one after a read of the new', () => {
    const under = write('b', 0, 100);
    expect(firstContradiction([under, read('a', 10, 20), read('b', 30, 40)], [], 'a')).toBeUndefined();
    const found = firstContradiction([under, read('b', 10, 20), read('a', 30, 40)], [], 'a');
    expect(found?.operation.what).toBe('read a');
  });

  it('orders what overlaps as the answers demand', () => {
    const history = [write('a', 0, 50), write('b', 0, 50), read('a', 60, 70)];
    expect(firstContradiction(history, [], '')).toBeUndefined();
    expect(firstContradiction([...history, read('b', 80, 90)], [], '')?.operation.what).toBe('read b');
  });

  it('lets an operation that never ended take effect, late or not at all', () => {
    const lost = write('b', 0, Infinity);
    expect(firstContradiction([lost, read('a', 500, 510)], [], 'a')).toBeUndefined();
    expect(firstContradiction([lost, read('a', 500, 510), read('b', 520, 530)], [], 'a')).toBeUndefined();
    expect(firstContradiction([lost, read('b', 1, 2), read('a', 3, 4)], [], 'a')).toBeDefined();
  });

  it('changes by itself only within the span in which that may happen', () => {
    const lapse = { fromMs: 100, toMs: 200, state: 'a', becomes: '' };
    expect(firstContradiction([read('a', 10, 20), read('', 150, 160)], [lapse], 'a')).toBeUndefined();
    expect(firstContradiction([read('a', 110, 120), read('', 150, 160)], [lapse], 'a')).toBeUndefined();
    expect(firstContradiction([read('', 10, 20)], [lapse], 'a')?.operation.what).toBe('read ');
    expect(firstContradiction([read('a', 210, 220), read('', 230, 240)], [lapse], 'a')?.operation.what).toBe('read ');
  });

  it('agrees with trying every order, on small histories', () => {
    const operation = fc.record({
      kind: fc.constantFrom(write, read),
      value: fc.constantFrom('a', 'b'),
      invokeMs: fc.integer({ min: 0, max: 10 }),
      lasts: fc.integer({ min: 0, max: 8 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (drawn) => {
        const history = drawn.map(({ kind, value, invokeMs, lasts }) => kind(value, invokeMs, invokeMs + lasts));
        expect(firstContradiction(history, [], 'a') === undefined).toBe(anyOrder(history, 'a'));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** By trying all orders in which nothing comes before what had ended when it began. */
function anyOrder(left: readonly RegisterOperation[], state: string): boolean {
  if (left.length === 0) return true;
  return left.some((first) => {
    const after = left.some(({ endMs }) => endMs < first.invokeMs) ? undefined : first.apply(state);
    return (
      after !== undefined &&
      anyOrder(
        left.filter((each) => each !== first),
        after,
      )
    );
  });
}
