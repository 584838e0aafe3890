/** A record of the store as nobody of ours would write it. Pure. */

const rubbish = [
  '',
  '{',
  'null',
  '[]',
  '{}',
  '"x"',
  '1',
  '{"schema":2}',
  '{"schema":"1"}',
  '\u0000',
  '[[[[]]]]',
  'NaN',
];
const parts: unknown[] = [
  null,
  -1,
  1e308,
  '',
  'x',
  '10.64.0.0/99',
  '::/200',
  [],
  {},
  [null],
  [{ cidr: 'x' }],
  ['x'],
  true,
];

export interface Draw {
  /** From 0 up to, not including, 1. */
  unit: () => number;
  pick: <T>(choices: readonly T[]) => T;
}

/** Either no record at all, or `value` cut short, or with one of its parts replaced; which may be is for `isReplaced` to say. */
export function malformedRecord(
  value: string,
  { unit, pick }: Draw,
  isReplaced = (_: string): boolean => true,
): string {
  if (unit() < 0.3) return pick(rubbish);
  if (unit() < 0.2) return value.slice(0, Math.floor(unit() * value.length));
  const record = JSON.parse(value) as Record<string, unknown>;
  const name = pick(Object.keys(record).filter(isReplaced));
  return JSON.stringify({ ...record, [name]: pick(parts) });
}
