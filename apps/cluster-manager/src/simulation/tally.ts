/** What happened in a run, counted: a run in which nothing happened proves nothing. */

export interface Tally {
  runs: number;
  steps: number;
  /** Leader keys taken. */
  terms: number;
  registrations: number;
  /** Subnets that another node had before. */
  regrants: number;
  reclaims: number;
  releases: number;
  deletions: number;
  /** Transactions and leases whose answer never came. */
  unknowns: number;
  restores: number;
}

export const emptyTally: Tally = {
  ...{ runs: 0, steps: 0, terms: 0, registrations: 0, regrants: 0 },
  ...{ reclaims: 0, releases: 0, deletions: 0, unknowns: 0, restores: 0 },
};

export function addTally(one: Tally, other: Tally): Tally {
  const entries = (Object.keys(one) as (keyof Tally)[]).map((key) => [key, one[key] + other[key]]);
  return Object.fromEntries(entries) as Record<keyof Tally, number>;
}
