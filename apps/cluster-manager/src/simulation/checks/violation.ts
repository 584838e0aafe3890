/** A promise that was broken: which, when, and how. */

type PromiseName =
  | 'one subnet, one holder'
  | 'records and keys agree'
  | 'only the leader writes'
  | 'no reclaim of the living'
  | 'no reclaim in mass silence'
  | 'one leader'
  | 'an answer is true'
  | 'no use after another grant'
  | 'recovering has a cause'
  | 'all is well at rest'
  | 'the program does not fail';

export interface Violation {
  promise: PromiseName;
  atMs: number;
  what: string;
}

/** Takes note of a violation. */
export type Accuse = (promise: Violation['promise'], what: string) => void;
