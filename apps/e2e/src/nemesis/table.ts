/** A verdict for people: the table by nemesis, the gaps, and what was violated. */
import type { Verdict } from './verdict.ts';

const number = (value: number): string => (Number.isFinite(value) ? String(Math.round(value)) : 'never');

/** Lines of text, the last of which says how it went. */
export function tableOf(verdict: Verdict): string[] {
  const { lines, invalid, operations, violations, leaderOverlapMs } = verdict;
  const rows = [
    ['nemesis', 'faults', 'valid', 'late', 'converged in ms, at most', 'ping gap in ms, at most'],
    ...lines.map((line) => [
      ...[line.nemesis, String(line.faults), String(line.valid), String(line.late)],
      ...[number(line.longestConvergenceMs), number(line.longestGapMs)],
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const valid = lines.reduce((sum, line) => sum + line.valid, 0);
  const faults = lines.reduce((sum, line) => sum + line.faults, 0);
  const wrong = Object.entries(violations).flatMap(([checker, found]) => found.map((words) => `${checker}: ${words}`));
  return [
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    `operations: ${operations.ok} answered, ${operations.other} refused or unknown`,
    `two replicas believing that they lead: ${Math.round(leaderOverlapMs)} ms at most`,
    ...invalid.map((words) => `INVALID ${words}`),
    ...wrong.map((words) => `VIOLATION ${words}`),
    `${faults} faults, ${valid} valid; ${wrong.length} violations`,
  ];
}
