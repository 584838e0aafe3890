/** What a history comes to: every violation by its checker, and one line for each nemesis. Pure. */
import { addressViolations } from './checkers/addresses.ts';
import { convergenceViolations } from './checkers/convergence.ts';
import { etcdViolations } from './checkers/etcd-history.ts';
import { leadershipOverlap } from './checkers/leadership.ts';
import { leakViolations } from './checkers/leaks.ts';
import { listViolations } from './checkers/lists.ts';
import { ownershipViolations } from './checkers/ownership.ts';
import { pingGaps, pingViolations } from './checkers/ping-gaps.ts';
import { secretViolations } from './checkers/secrets.ts';
import { whyInvalid } from './checkers/validity.ts';
import { ofKind, type HistoryEvent } from './history/event.ts';
import { clockRate } from './nemeses/clocks.ts';

interface NemesisLine {
  nemesis: string;
  faults: number;
  valid: number;
  /** Faults after which the nodes did not agree in time. */
  late: number;
  longestConvergenceMs: number;
  longestGapMs: number;
}

export interface Verdict {
  lines: NemesisLine[];
  invalid: string[];
  operations: { ok: number; other: number };
  /** By checker; all are empty when every promise held. */
  violations: Record<string, string[]>;
  leaderOverlapMs: number;
}

const checkers: Record<string, (history: readonly HistoryEvent[]) => string[]> = {
  'ownership as nodes were told': ownershipViolations,
  'ownership in etcd': etcdViolations,
  'uniqueness of addresses': addressViolations,
  lists: listViolations,
  'one leader': (history) => leadershipOverlap(history).violations,
  convergence: convergenceViolations,
  pings: pingViolations,
  'leaks at rest': leakViolations,
  'private keys': secretViolations,
};

/** All promises hold while clocks are as wrong as the design allows; beyond that one does. */
function checkersFor(history: readonly HistoryEvent[]): [string, (history: readonly HistoryEvent[]) => string[]][] {
  const isWild = ofKind(history, 'run').some((run) => run.clockRate > clockRate);
  return Object.entries(checkers).filter(([name]) => !isWild || name === 'ownership in etcd');
}

/** Judges a history, of a run that has just ended or of one read back. */
export function judge(history: readonly HistoryEvent[]): Verdict {
  const faults = ofKind(history, 'fault');
  const operations = ofKind(history, 'operation');
  const ok = operations.filter(({ outcome }) => outcome === 'ok').length;
  return {
    lines: linesOf(history),
    invalid: faults.flatMap((fault) => {
      const why = whyInvalid(fault);
      return why === undefined ? [] : [`fault ${fault.number} (${fault.nemesis}): ${why}`];
    }),
    operations: { ok, other: operations.length - ok },
    violations: Object.fromEntries(checkersFor(history).map(([name, check]) => [name, check(history)])),
    leaderOverlapMs: leadershipOverlap(history).longestMs,
  };
}

/** How many violations there are in all. */
export function countViolations({ violations }: Verdict): number {
  return Object.values(violations).flat().length;
}

function linesOf(history: readonly HistoryEvent[]): NemesisLine[] {
  const faults = ofKind(history, 'fault');
  const gaps = pingGaps(history);
  return [...new Set(faults.map(({ nemesis }) => nemesis))].sort().map((nemesis) => {
    const own = faults.filter((fault) => fault.nemesis === nemesis);
    return {
      nemesis,
      faults: own.length,
      valid: own.filter((fault) => whyInvalid(fault) === undefined).length,
      late: convergenceViolations(own).length,
      longestConvergenceMs: Math.max(...own.map(({ convergedMs }) => convergedMs ?? Infinity)),
      longestGapMs: Math.max(0, ...gaps.filter(({ fault }) => fault?.nemesis === nemesis).map(({ gapMs }) => gapMs)),
    };
  });
}
