/** Quantiles by the nearest rank: always a value that was measured. Pure. */

/** The smallest value that at least the share `of` (above 0, up to 1) of all values does not exceed; NaN when there are none. */
export function quantile(values: readonly number[], of: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * of) - 1)] ?? NaN;
}
