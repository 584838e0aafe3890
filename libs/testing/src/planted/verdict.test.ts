/** Red counts only for the reason that was expected, and green only when everything passed. */
import { describe, expect, it } from 'vitest';
import { judgeGreen, judgeRed, type TestRun } from './verdict.ts';

type Result = [fullName: string, status: 'passed' | 'failed' | 'skipped', message?: string];

function ran(...results: Result[]): TestRun {
  const assertionResults = results.map(([fullName, status, message]) => ({
    fullName,
    status,
    failureMessages: message === undefined ? [] : [message],
  }));
  return {
    kind: 'reported',
    seconds: 1,
    report: { testResults: [{ name: 'a.test.ts', status: '', assertionResults }] },
  };
}

const unloaded: TestRun = {
  kind: 'reported',
  seconds: 1,
  report: {
    testResults: [{ name: 'a.test.ts', status: 'failed', message: 'no such module\nat x', assertionResults: [] }],
  },
};
const catcher = { fails: ['keeps its promise'] as [string] };

describe('a run with a bug planted', () => {
  it('is red as expected when the named test fails by an assertion, whatever else fails', () => {
    const run = ran(['a node keeps its promise', 'failed', 'AssertionError: expected 1'], ['other', 'failed', 'x']);
    expect(judgeRed(run, catcher)).toEqual({ kind: 'as expected' });
  });

  const misses: [string, TestRun, string][] = [
    ['stays green', ran(['a node keeps its promise', 'passed']), 'passed'],
    ['skips the test', ran(['a node keeps its promise', 'skipped']), 'skipped'],
    ['fails elsewhere only', ran(['a node keeps its promise', 'passed'], ['other', 'failed', 'x']), 'passed'],
    ['has no test of that name', ran(['other', 'failed', 'x']), 'no test is called'],
    ['did not load its file', unloaded, 'did not load: no such module'],
    ['did not end', { kind: 'failed', why: 'did not end within 60 s', seconds: 60 }, 'did not end within 60 s'],
    ...[
      'ReferenceError: x is not defined',
      'TypeError: x.y is not a function',
      'Error: Test timed out in 20000ms.',
      'Error: Hook timed out in 10000ms.',
    ].map((message): [string, TestRun, string] => [
      `is red by "${message}"`,
      ran(['a node keeps its promise', 'failed', message]),
      'red for another reason',
    ]),
  ];
  it.each(misses)('counts as missed when it %s', (_, run, why) => {
    expect(judgeRed(run, catcher)).toEqual({ kind: 'not as expected', why: expect.stringContaining(why) as string });
  });

  it('counts as missed when only one of two tests of the name fails', () => {
    const run = ran(['one keeps its promise', 'failed', 'x'], ['another keeps its promise', 'passed']);
    expect(judgeRed(run, catcher).kind).toBe('not as expected');
  });
});

describe('a run without a bug', () => {
  it('is sound when all of it passes', () => {
    expect(judgeGreen(ran(['it keeps its promise', 'passed']), catcher)).toEqual({ kind: 'as expected' });
  });

  it.each([
    ['the named test fails', ran(['it keeps its promise', 'failed', 'x'])],
    ['another test fails', ran(['it keeps its promise', 'passed'], ['other', 'failed', 'x'])],
    ['the named test is not there', ran(['other', 'passed'])],
    ['a file did not load', unloaded],
  ])('is unsound when %s', (_, run) => expect(judgeGreen(run, catcher).kind).toBe('not as expected'));
});
