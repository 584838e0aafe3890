/** The suite's own assertions: it runs as tests and as a command, so it throws plain errors that fit one cell of the table. */
import { isDeepStrictEqual } from 'node:util';

/** Throws `what` with both values when they differ. */
export function same(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

/** Throws `what` unless it holds. */
export function holds(what: string, isTrue: boolean): void {
  if (!isTrue) throw new Error(what);
}

/** Throws unless every value is there once. */
export function distinct(what: string, values: readonly string[]): void {
  const twice = values.filter((value, index) => values.indexOf(value) !== index);
  if (twice.length > 0) throw new Error(`${what} twice: ${[...new Set(twice)].join(', ')}`);
}
