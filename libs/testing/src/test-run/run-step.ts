/** Runs one step of `make test`, bounded in time, and tells how it went. */
import { spawn } from 'node:child_process';
import type { Step } from './steps.ts';

export interface StepResult {
  step: Step;
  exitCode: number;
  seconds: number;
}

/** No step may hang the run; the longest takes a few minutes. */
const limitMs = 15 * 60_000;

/** Runs a step with its output passed through. A vitest step also writes its report to `reportPath`. */
export async function runStep(step: Step, reportPath: string): Promise<StepResult> {
  const startedAt = performance.now();
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  const argv = step.isVitest ? [...step.argv, ...reporters] : step.argv;
  process.stdout.write(`\n── ${step.name}: ${argv.join(' ')}\n`);
  const exitCode = await new Promise<number>((resolve) => {
    const child = spawn(argv[0], argv.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 137));
  });
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `── ${step.name}: ${exitCode === 0 ? 'passed' : `FAILED with ${exitCode}`} in ${seconds.toFixed(1)} s\n`,
  );
  return { step, exitCode, seconds };
}
