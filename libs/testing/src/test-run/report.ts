/** What the test run says at its end: failures, skips with their reasons, and the one line that counts. Pure. */

export interface Outcome {
  name: string;
  status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  detail?: string;
}

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string; failureMessages?: (string | null)[] | null }[];
  }[];
}

/** One outcome per test; a file that failed before its first test counts as one failure. */
export function outcomesOf(stepName: string, report: VitestReport): Outcome[] {
  return report.testResults.flatMap((file) => {
    const where = `${stepName} › ${file.name.replace(/.*\/(apps|libs)\//, '$1/')}`;
    if (file.assertionResults.length === 0 && file.status !== 'passed') {
      return [{ name: where, status: 'failed' as const, detail: file.message ?? 'the file could not be run' }];
    }
    return file.assertionResults.map(({ fullName, status, failureMessages }) => ({
      name: `${where} › ${fullName}`,
      status: statusOf(status),
      ...(failureMessages?.[0] ? { detail: failureMessages[0].split('\n')[0] ?? '' } : {}),
    }));
  });
}

/** The closing lines; the last is exactly `N passed, N failed, N skipped`. */
export function closingLines(outcomes: readonly Outcome[]): string[] {
  const told = outcomes.filter(({ status }) => status !== 'passed');
  const lines = told.map(
    ({ name, status, detail }) => `${status.toUpperCase()} ${name}${detail === undefined ? '' : `: ${detail}`}`,
  );
  const count = (wanted: Outcome['status']): number => outcomes.filter(({ status }) => status === wanted).length;
  return [...lines, `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`];
}

function statusOf(status: string): Outcome['status'] {
  if (status === 'passed') return 'passed';
  return status === 'failed' ? 'failed' : 'skipped';
}
