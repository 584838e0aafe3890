/** `make test`: runs every step (or those named), goes on after a failure, and ends with the line that counts. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { messageOf } from '@wgcni/base';
import { closingLines, outcomesOf, type Outcome, type VitestReport } from './report.ts';
import { runStep, type StepResult } from './run-step.ts';
import { allSteps, checkSteps, type Step } from './steps.ts';

const reportDir = '.cache/reports';

async function main(names: readonly string[]): Promise<number> {
  const known =
    names.length === 1 && names[0] === 'check'
      ? checkSteps.map((step) => [step])
      : allSteps.map((group) => group.filter(({ name }) => names.length === 0 || names.includes(name)));
  const startedAt = performance.now();
  await rm(reportDir, { recursive: true, force: true });
  await mkdir(reportDir, { recursive: true });
  const outcomes: Outcome[] = [];
  const results: StepResult[] = [];
  for (const group of known) {
    const ran = await Promise.all(group.map((step) => runStep(step, reportPathOf(step))));
    results.push(...ran);
    for (const result of ran) outcomes.push(...(await outcomesOfStep(result, reportPathOf(result.step))));
  }
  const total = (performance.now() - startedAt) / 1_000;
  process.stdout.write(
    `\n${results.map(({ step, seconds }) => `${step.name} ${seconds.toFixed(0)} s`).join(', ')}; ${total.toFixed(0)} s in all\n`,
  );
  process.stdout.write(`${closingLines(outcomes).join('\n')}\n`);
  return outcomes.some(({ status }) => status === 'failed') || outcomes.length === 0 ? 1 : 0;
}

function reportPathOf({ name }: Step): string {
  return `${reportDir}/${name.replaceAll(' ', '-')}.json`;
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
