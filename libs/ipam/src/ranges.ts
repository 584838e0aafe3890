/** Inclusive ranges of numbers, and how much they cover together. */

export interface Range {
  first: bigint;
  last: bigint;
}

/** The same numbers as disjoint ranges in order. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((one, other) => (one.first < other.first ? -1 : 1))) {
    const previous = merged.at(-1);
    if (previous === undefined || range.first > previous.last) merged.push({ ...range });
    else if (range.last > previous.last) previous.last = range.last;
  }
  return merged;
}

/** How many numbers disjoint ranges hold. */
export function rangesSize(ranges: readonly Range[]): bigint {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

/** The range that holds `value`, or undefined. */
export function rangeOf(ranges: readonly Range[], value: bigint): Range | undefined {
  return ranges.find(({ first, last }) => value >= first && value <= last);
}
