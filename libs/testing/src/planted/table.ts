/** PURE: what the command prints at its end. */
import type { Catcher, PlantedBug } from './planted-bug.ts';
import type { Verdict } from './verdict.ts';

export interface Row {
  bug: PlantedBug;
  catcher: Catcher;
  verdict: Verdict;
  seconds: number;
}

/** One line for each run of a catcher on a bug, as text in columns. */
export function tableOf(rows: readonly Row[]): string[] {
  const cells = rows.map(({ bug, catcher, verdict, seconds }) => [
    bug.name,
    bug.promise,
    caughtBy(catcher),
    verdict.kind === 'as expected' ? seconds.toFixed(1) : `MISSED: ${verdict.why}`,
  ]);
  const table = [['bug', 'promise', 'caught by', 'red after s'], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The last line: a bug counts as caught when every catcher that was run went red. */
export function closingLine(rows: readonly Row[]): string {
  const names = new Set(rows.map(({ bug }) => bug.name));
  const missed = missedIn(rows);
  return `${names.size - missed.length} caught, ${missed.length} missed`;
}

/** Names of the bugs that a catcher did not notice. */
export function missedIn(rows: readonly Row[]): string[] {
  return [...new Set(rows.filter(({ verdict }) => verdict.kind !== 'as expected').map(({ bug }) => bug.name))];
}

/** The suite and the files of a catcher, in a few words. */
export function caughtBy({ suite, files }: Catcher): string {
  return `${suite}: ${files.map((file) => file.replace(/^.*\//, '')).join(', ')}`;
}
