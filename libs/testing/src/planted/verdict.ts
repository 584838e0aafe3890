/** PURE: whether a run of tests is red for the reason that was expected, or green as it must be without a bug. */
import type { VitestReport } from '../test-run/report.ts';
import type { Catcher } from './planted-bug.ts';

/** How a run ended. */
export type TestRun = { seconds: number } & (
  { kind: 'reported'; report: VitestReport } | { kind: 'failed'; why: string }
);

export type Verdict = { kind: 'as expected' } | { kind: 'not as expected'; why: string };

/** Failures that say nothing about the promise: the patch broke the code instead of the behaviour, or a wait was too short. */
const wrongReasons =
  /^(ReferenceError|SyntaxError)|is not (defined|a function)|(Test|Hook) timed out|Cannot find (module|package)|Failed to (load|resolve)/m;

/** Every named test must have failed, by itself and for a reason that counts. */
export function judgeRed(run: TestRun, { fails }: Pick<Catcher, 'fails'>): Verdict {
  return judge(run, fails, ({ status, failureMessages }) => {
    if (status !== 'failed') return status;
    const message = failureMessages?.find((text) => text !== null) ?? '';
    return wrongReasons.test(message) ? `red for another reason: ${firstLine(message)}` : undefined;
  });
}

/** The named tests must have passed, and nothing may have failed. */
export function judgeGreen(run: TestRun, { fails }: Pick<Catcher, 'fails'>): Verdict {
  const all = judge(run, fails, ({ status }) => (status === 'passed' ? undefined : status));
  if (run.kind === 'failed' || all.kind === 'not as expected') return all;
  const red = testsOf(run.report).find(({ status }) => status === 'failed');
  return red === undefined ? all : { kind: 'not as expected', why: `"${red.fullName}": failed without any bug` };
}

type Test = VitestReport['testResults'][number]['assertionResults'][number];

/** `flawOf` says why a named test does not count. */
function judge(run: TestRun, names: readonly string[], flawOf: (test: Test) => string | undefined): Verdict {
  if (run.kind === 'failed') return { kind: 'not as expected', why: run.why };
  const unread = run.report.testResults.find(
    ({ assertionResults, status }) => assertionResults.length === 0 && status !== 'passed',
  );
  if (unread !== undefined) return { kind: 'not as expected', why: `did not load: ${firstLine(unread.message ?? '')}` };
  for (const name of names) {
    const named = testsOf(run.report).filter(({ fullName }) => fullName.includes(name));
    if (named.length === 0) return { kind: 'not as expected', why: `no test is called "${name}"` };
    const flaw = named.map(flawOf).find((why) => why !== undefined);
    if (flaw !== undefined) return { kind: 'not as expected', why: `"${name}": ${flaw}` };
  }
  return { kind: 'as expected' };
}

function testsOf(report: VitestReport): Test[] {
  return report.testResults.flatMap(({ assertionResults }) => assertionResults);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
