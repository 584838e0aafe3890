/** Tells a failure so that it can be seen again: the seed, what was broken, the smallest plan, and how to replay it. */
import type { Failure } from './campaign.ts';
import { drawPlan } from './draw-plan.ts';
import type { RunPlan } from './plan.ts';
import { run } from './run.ts';
import { shrink } from './shrink.ts';
import type { Trace } from './world.ts';

export interface Explained {
  plan: RunPlan;
  text: string;
}

/** Shrinks the plan of a failing seed. */
export async function explain({ seed, violation }: Failure): Promise<Explained> {
  const tryPlan = async (plan: RunPlan) => (await run(plan)).violations[0];
  const shrunk = await shrink(drawPlan(seed), violation, { tryPlan });
  const { promise, atMs, what } = shrunk.violation;
  const lines = [
    `seed ${seed} breaks "${violation.promise}": ${violation.what}`,
    `  the smallest plan found in ${shrunk.runs} runs breaks it at ${Math.round(atMs)} ms: ${promise}: ${what}`,
    `  ${JSON.stringify(shrunk.plan)}`,
    `  see it happen: make simulate SEED=${seed}`,
  ];
  return { plan: shrunk.plan, text: lines.join('\n') };
}

/** One line for each thing that happens. */
export function traceLine(...[atMs, who, event, fields]: Parameters<Trace>): string {
  const text = JSON.stringify(fields);
  return `${atMs.toFixed(1).padStart(9)} ${who.padEnd(9)} ${event}${text === '{}' ? '' : ` ${text}`}`;
}
