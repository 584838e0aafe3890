/** `make test`: runs every step (or those named), goes on after a failure, and ends with the line that counts. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { messageOf } from '@wgcni/base';
import { closingLines, outcomesOf, type Outcome, type VitestReport } from './report.ts';
import { runStep, type StepResult } from './run-step.ts';
import { allSteps, checkSteps } from './steps.ts';

const reportDir = '.cache/reports';

async function main(names: readonly string[]): Promise<number> {
  const known =
    names.length === 1 && names[0] === 'check'
      ? checkSteps
      : allSteps.filter(({ name }) => names.length === 0 || names.includes(name));
  await rm(reportDir, { recursive: true, force: true });
  await mkdir(reportDir, { recursive: true });
  const outcomes: Outcome[] = [];
  const results: StepResult[] = [];
  for (const step of known) {
    const reportPath = `${reportDir}/${step.name}.json`;
    const result = await runStep(step, reportPath);
    results.push(result);
    outcomes.push(...(await outcomesOfStep(result, reportPath)));
  }
  const total = results.reduce((sum, { seconds }) => sum + seconds, 0);
  process.stdout.write(
    `\n${results.map(({ step, seconds }) => `${step.name} ${seconds.toFixed(0)} s`).join(', ')}; ${total.toFixed(0)} s in all\n`,
  );
  process.stdout.write(`${closingLines(outcomes).join('\n')}\n`);
  return outcomes.some(({ status }) => status === 'failed') || outcomes.length === 0 ? 1 : 0;
}

async function outcomesOfStep({ step, exitCode }: StepResult, reportPath: string): Promise<Outcome[]> {
  if (!step.isVitest) return [plainOutcome(step.name, exitCode)];
  try {
    const outcomes = outcomesOf(step.name, JSON.parse(await readFile(reportPath, 'utf8')) as VitestReport);
    // An error outside any test (an unhandled rejection, a failed teardown) fails the step without failing a test.
    const isTold = exitCode === 0 || outcomes.some(({ status }) => status === 'failed');
    return isTold && outcomes.length > 0
      ? outcomes
      : [...outcomes, plainOutcome(step.name, exitCode === 0 ? 1 : exitCode)];
  } catch (error) {
    return [{ name: step.name, status: 'failed', detail: `no report: ${messageOf(error)}` }];
  }
}

function plainOutcome(name: string, exitCode: number): Outcome {
  return {
    name,
    status: exitCode === 0 ? 'passed' : 'failed',
    ...(exitCode === 0 ? {} : { detail: `ended with ${exitCode}` }),
  };
}

process.exitCode = await main(process.argv.slice(2));
