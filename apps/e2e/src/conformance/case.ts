/** One case of the suite: what is done, the clause it rests on, and what a subject must have for it. */
import type { Bench } from './bench.ts';
import type { Setting, Subject } from './subject.ts';

export interface ConformanceCase {
  /** Stable name, `group.what`. */
  id: string;
  /** A sentence of what must hold. */
  title: string;
  /** Where it is written, or who relies on it. */
  clause: string;
  /** Ours alone: no specification asks it of others. */
  isOursOnly?: boolean;
  /** The part of a subject without which the case means nothing. */
  needs?: 'daemon' | 'nodeManager' | 'breakPeer' | 'setDraining';
  /** Default `dual`. */
  setting?: Setting;
  run(bench: Bench, subject: Subject): Promise<void>;
}

const whyUnfit = {
  daemon: 'it has no daemon',
  nodeManager: 'ours alone',
  breakPeer: 'it has no peers',
  setDraining: 'it cannot be drained',
} as const;

export type Outcome = { kind: 'passed' } | { kind: 'failed'; why: string } | { kind: 'not-asked'; why: string };

/** Why a case is not asked of a subject; undefined when it is. */
export function whyNotAsked(one: ConformanceCase, subject: Subject): string | undefined {
  if (one.isOursOnly === true && !subject.isOurs) return 'ours alone';
  if (one.needs !== undefined && subject[one.needs] === undefined) {
    return whyUnfit[one.needs];
  }
  return undefined;
}
