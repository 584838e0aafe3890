/** Whether a history of one register is linearizable: Wing and Gong's search, from event to event, over the sets of what may be (Lowe's form). */

import { grouped } from './grouped.ts';

/** An operation on a register whose state is a text. */
export interface RegisterOperation {
  invokeMs: number;
  endMs: number;
  /** The state after it took effect in this state, or undefined where its answer was impossible. */
  apply: (state: string) => string | undefined;
  /** For the message. */
  what: string;
}

/** A change from one state that may happen by itself any time within a span, as often as it likes. */
export interface Spontaneous {
  fromMs: number;
  toMs: number;
  state: string;
  becomes: string;
}

interface Configuration {
  state: string;
  /** Indices of operations that have taken effect and not ended. */
  done: ReadonlySet<number>;
}

/** The operation whose answer no order explains, or undefined. `initial` is the state before everything. */
export function firstContradiction(
  operations: readonly RegisterOperation[],
  spontaneous: readonly Spontaneous[],
  initial: string,
): { operation: RegisterOperation; possible: string[] } | undefined {
  const moments = [
    ...operations.map(({ invokeMs }, index) => ({ atMs: invokeMs, isEnd: false, index })),
    ...operations.map(({ endMs }, index) => ({ atMs: endMs, isEnd: true, index })),
  ].sort((one, other) => one.atMs - other.atMs || Number(one.isEnd) - Number(other.isEnd));
  const byState = grouped(spontaneous, ({ state }) => state);
  const open = new Set<number>();
  let present: Configuration[] = [{ state: initial, done: new Set() }];
  let beforeMs = -Infinity;
  for (const { atMs, isEnd, index } of moments) {
    // What may have happened by itself since the last moment, at any place among the operations that are open all that time.
    const sinceMs = beforeMs;
    const mayBecome = (state: string): string[] =>
      (byState.get(state) ?? [])
        .filter(({ fromMs, toMs }) => fromMs <= atMs && toMs >= sinceMs)
        .map(({ becomes }) => becomes);
    present = closure(present, [...open], operations, mayBecome);
    beforeMs = atMs;
    if (!isEnd) {
      open.add(index);
      continue;
    }
    const explained = present.filter(({ done }) => done.has(index));
    const operation = operations[index];
    if (explained.length === 0 && operation !== undefined)
      return { operation, possible: [...new Set(present.map(({ state }) => state))] };
    open.delete(index);
    present = unique(
      explained.map(({ state, done }) => ({ state, done: new Set([...done].filter((one) => one !== index)) })),
    );
  }
  return undefined;
}

/** Every configuration that can be reached by what is open and by what happens by itself. */
function closure(
  from: readonly Configuration[],
  open: readonly number[],
  operations: readonly RegisterOperation[],
  mayBecome: (state: string) => readonly string[],
): Configuration[] {
  const found = new Map(from.map((each) => [keyOf(each), each]));
  // A map visits what is added while it is walked.
  for (const { state, done } of found.values()) {
    const next: Configuration[] = mayBecome(state).map((after) => ({ state: after, done }));
    for (const index of open) {
      const after = done.has(index) ? undefined : operations[index]?.apply(state);
      if (after !== undefined) next.push({ state: after, done: new Set([...done, index]) });
    }
    for (const each of next) if (!found.has(keyOf(each))) found.set(keyOf(each), each);
  }
  return [...found.values()];
}

function unique(configurations: readonly Configuration[]): Configuration[] {
  return [...new Map(configurations.map((each) => [keyOf(each), each])).values()];
}

function keyOf({ state, done }: Configuration): string {
  return `${[...done].sort((one, other) => one - other).join()}|${state}`;
}
