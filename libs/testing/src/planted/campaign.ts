/** One run over the planted bugs: each catcher without any bug first, then each bug with each of its catchers. */
import { messageOf } from '@wgcni/base';
import type { Catcher, PlantedBug } from './planted-bug.ts';
import { patchOf } from './places.ts';
import { runCatcher } from './run-catcher.ts';
import { suites, type SuiteName } from './suites.ts';
import type { Row } from './table.ts';
import { TreeCopy } from './tree-copy.ts';
import { judgeGreen, judgeRed, type Verdict } from './verdict.ts';

export interface Selection {
  bugs: readonly PlantedBug[];
  /** Only suites that are part of `make test`. */
  isQuick: boolean;
  signal: AbortSignal;
}

export interface CampaignResult {
  rows: Row[];
  /** What was red without any bug, each with its reason: then no red counts. */
  unsound: string[];
}

/** Quick runs are mostly the start of a process: so many side by side. */
const lanes = 2;

type Job = (copy: TreeCopy) => Promise<void>;

/** Runs the selection on copies of `root`; `tell` is called with a line for each run that has ended. */
export async function runCampaign(
  root: string,
  { bugs, isQuick, signal }: Selection,
  tell: (line: string) => void,
): Promise<CampaignResult> {
  const chosen = bugs.flatMap((bug) =>
    bug.catchers.filter(({ suite }) => !isQuick || suites[suite].isQuick).map((catcher) => ({ bug, catcher })),
  );
  const result: CampaignResult = { rows: [], unsound: [] };
  const greens = wholeSuites(chosen.map(({ catcher }) => catcher)).map((catcher) => ({
    suite: catcher.suite,
    job: async (copy: TreeCopy): Promise<void> => {
      const { verdict, seconds } = await look(copy, catcher, { judge: judgeGreen, signal });
      if (verdict.kind === 'not as expected') result.unsound.push(`${catcher.suite}: ${verdict.why}`);
      tell(`without a bug: ${catcher.suite} ${wordsOf(verdict, 'green')} after ${seconds.toFixed(1)} s`);
    },
  }));
  const reds = chosen.map(({ bug, catcher }) => ({
    suite: catcher.suite,
    job: async (copy: TreeCopy): Promise<void> => {
      const row = { bug, catcher, ...(await plantAndLook(copy, bug, { catcher, signal })) };
      result.rows.push(row);
      tell(`${bug.name}: ${catcher.suite} ${wordsOf(row.verdict, 'red')} after ${row.seconds.toFixed(1)} s`);
    },
  }));
  const all = [...greens, ...reds];
  const jobsWhere = (quick: boolean): Job[] =>
    all.filter(({ suite }) => suites[suite].isQuick === quick).map(({ job }) => job);
  await runInLanes(root, jobsWhere(true), lanes);
  await runInLanes(root, jobsWhere(false), 1);
  const place = ({ bug, catcher }: Row): number =>
    chosen.findIndex((one) => one.bug === bug && one.catcher === catcher);
  result.rows.sort((one, other) => place(one) - place(other));
  return result;
}

/** One catcher for each suite, with every file and every test that is named for it. */
function wholeSuites(catchers: readonly Catcher[]): Catcher[] {
  const bySuite = new Map<SuiteName, Catcher>();
  for (const { suite, files, fails } of catchers) {
    const known = bySuite.get(suite);
    bySuite.set(suite, {
      suite,
      files: unique([...files, ...(known?.files ?? [])]),
      fails: unique([...fails, ...(known?.fails ?? [])]),
    });
  }
  return [...bySuite.values()];
}

function unique(texts: readonly string[]): [string, ...string[]] {
  return [...new Set(texts)] as [string, ...string[]];
}

type Look = Pick<Row, 'verdict' | 'seconds'>;

async function look(
  copy: TreeCopy,
  catcher: Catcher,
  { judge, signal }: { judge: typeof judgeRed; signal: AbortSignal },
): Promise<Look> {
  const run = await runCatcher(copy, catcher, signal);
  return { verdict: judge(run, catcher), seconds: run.seconds };
}

/** A patch that does not apply is a miss: the tree has moved on, and nobody has looked whether the bug can come back. */
async function plantAndLook(
  copy: TreeCopy,
  { name }: PlantedBug,
  { catcher, signal }: { catcher: Catcher; signal: AbortSignal },
): Promise<Look> {
  const patch = patchOf(name);
  try {
    await copy.plant(patch);
  } catch (error) {
    const why = `the patch does not apply any more: ${messageOf(error)}`;
    return { verdict: { kind: 'not as expected', why }, seconds: 0 };
  }
  try {
    return await look(copy, catcher, { judge: judgeRed, signal });
  } finally {
    await copy.takeOut(patch);
  }
}

async function runInLanes(root: string, jobs: readonly Job[], count: number): Promise<void> {
  const waiting = [...jobs];
  const lane = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const copy = await TreeCopy.of(root);
    try {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job(copy);
    } finally {
      await copy.remove();
    }
  };
  // Every lane has removed its copy before a failure of one is told.
  for (const ended of await Promise.allSettled(Array.from({ length: count }, lane)))
    if (ended.status === 'rejected') throw ended.reason;
}

function wordsOf(verdict: Verdict, expected: string): string {
  return verdict.kind === 'as expected' ? expected : `NOT ${expected} (${verdict.why})`;
}
