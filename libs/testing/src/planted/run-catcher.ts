/** Runs a selection of tests in a copy of the tree, bounded in time, and brings back what vitest says of each. */
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@wgcni/base';
import type { VitestReport } from '../test-run/report.ts';
import type { Catcher } from './planted-bug.ts';
import { suites, type Suite } from './suites.ts';
import type { TreeCopy } from './tree-copy.ts';
import type { TestRun } from './verdict.ts';

const reportName = 'planted-report.json';

/** Runs the named tests on the copy as it is now. Rejects when the signal aborts; nothing of the run is left then. */
export async function runCatcher(
  copy: TreeCopy,
  { suite: name, files, fails, env = {} }: Catcher,
  signal: AbortSignal,
): Promise<TestRun> {
  const suite: Suite = suites[name];
  const report = join(copy.path, reportName);
  await rm(report, { force: true });
  try {
    if (suite.needsBundles) await copy.bundle();
  } catch (error) {
    return { kind: 'failed', why: `does not bundle: ${messageOf(error)}`, seconds: 0 };
  }
  const vitest = ['node_modules/.bin/vitest', 'run', '--project', suite.project, '--reporter=json'];
  const named = fails.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const argv = [...suite.before, ...vitest, `--outputFile.json=${reportName}`, '--testNamePattern', named, ...files];
  const startedAt = performance.now();
  const { isInTime, output } = await runBounded(argv, { cwd: copy.path, env, limitMs: suite.limitMs, signal });
  signal.throwIfAborted();
  const seconds = (performance.now() - startedAt) / 1_000;
  if (!isInTime) return { kind: 'failed', why: `did not end within ${suite.limitMs / 1_000} s`, seconds };
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { kind: 'failed', why: `no report: ${output.trim().slice(-300)}`, seconds };
  return { kind: 'reported', report: JSON.parse(text) as VitestReport, seconds };
}

interface Bounds {
  cwd: string;
  env: Readonly<Record<string, string>>;
  limitMs: number;
  signal: AbortSignal;
}

/** Ends the whole process group when its time is over. */
async function runBounded(
  [program = '', ...args]: readonly string[],
  { cwd, env, limitMs, signal }: Bounds,
): Promise<{ isInTime: boolean; output: string }> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const stop = (): void => endGroup(child.pid);
  signal.addEventListener('abort', stop, { once: true });
  let isInTime = true;
  const timer = setTimeout(() => {
    isInTime = false;
    stop();
  }, limitMs);
  await new Promise<void>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve();
    });
    child.once('close', () => resolve());
  });
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  return { isInTime, output };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in this very moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
