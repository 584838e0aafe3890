/** `make simulate`: many seeds, or one with everything that happens in it. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { drawPlan } from './draw-plan.ts';
import { explain, traceLine } from './explain.ts';
import type { RunPlan } from './plan.ts';
import { run } from './run.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs one plan and shows all of it. */
async function replay(plan: RunPlan): Promise<number> {
  print(JSON.stringify(plan));
  const { violations } = await run(plan, (...happened) => print(traceLine(...happened)));
  for (const { promise, atMs, what } of violations) print(`BROKEN at ${Math.round(atMs)} ms: ${promise}: ${what}`);
  return violations.length === 0 ? 0 : 1;
}

/** The seed as it is drawn, and when it fails the smallest plan that fails the same way. */
async function replaySeed(seed: number): Promise<number> {
  const [violation] = (await run(drawPlan(seed))).violations;
  if (violation === undefined) return replay(drawPlan(seed));
  const { plan, text } = await explain({ seed, violation });
  const status = await replay(plan);
  print(text);
  return status;
}

async function campaign(from: number, seeds: number): Promise<number> {
  const { failures, tally, seconds } = await runCampaign({
    ...{ from, seeds, mostFailures: 10 },
    told: (done) => process.stderr.write(`\r${done} of ${seeds}`),
  });
  process.stderr.write('\n');
  for (const failure of failures.slice(0, 3)) print((await explain(failure)).text);
  for (const { seed, violation } of failures.slice(3)) print(`seed ${seed} breaks "${violation.promise}"`);
  print(JSON.stringify(tally));
  print(`${tally.runs} seeds from ${from} in ${seconds.toFixed(0)} s, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      plan: { type: 'string' },
      from: { type: 'string', default: '0' },
      seeds: { type: 'string', default: '10000' },
    },
  });
  if (values.plan !== undefined) return replay(JSON.parse(await readFile(values.plan, 'utf8')) as RunPlan);
  if (values.seed !== undefined) return replaySeed(Number(values.seed));
  return campaign(Number(values.from), Number(values.seeds));
}

process.exitCode = await main();
