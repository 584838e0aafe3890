/** The closing line counts every test once, whatever its file did. */
import { describe, expect, it } from 'vitest';
import { closingLines, outcomesOf } from './report.ts';

const file = (status: string, ...tests: [string, string, string?][]) => ({
  name: '/somewhere/libs/x/src/x.test.ts',
  status,
  assertionResults: tests.map(([fullName, state, message]) => ({
    fullName,
    status: state,
    failureMessages: message === undefined ? [] : [message],
  })),
});

describe('the report of a test run', () => {
  it('counts passed, failed and skipped tests in its last line', () => {
    const outcomes = outcomesOf('unit', {
      testResults: [file('failed', ['a', 'passed'], ['b', 'failed', 'expected 1\nat x'], ['c', 'pending'])],
    });
    expect(closingLines(outcomes)).toEqual([
      'FAILED unit › libs/x/src/x.test.ts › b: expected 1',
      'SKIPPED unit › libs/x/src/x.test.ts › c',
      '1 passed, 1 failed, 1 skipped',
    ]);
  });

  it('counts a file that could not be loaded as a failure', () => {
    const outcomes = outcomesOf('unit', { testResults: [{ ...file('failed'), message: 'no such module' }] });
    expect(closingLines(outcomes).at(-1)).toBe('0 passed, 1 failed, 0 skipped');
  });
});
