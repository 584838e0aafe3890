/** Makes the plan of a failing run smaller, as long as it goes on to break the same promise. */
import type { Violation } from './checks/violation.ts';
import type { PlannedEvent, RunPlan } from './plan.ts';

export interface Shrunk {
  plan: RunPlan;
  violation: Violation;
  /** How many runs it took. */
  runs: number;
}

export interface ShrinkOptions {
  /** The first violation of a run of this plan, or undefined. */
  tryPlan: (plan: RunPlan) => Promise<Violation | undefined>;
  mostRuns?: number;
}

/** Greedy: the first smaller plan that still fails is made smaller in its turn. */
export async function shrink(
  plan: RunPlan,
  violation: Violation,
  { tryPlan, mostRuns = 400 }: ShrinkOptions,
): Promise<Shrunk> {
  let best: Shrunk = { plan, violation, runs: 0 };
  for (let hasShrunk = true; hasShrunk;) {
    hasShrunk = false;
    for (const smaller of smallerPlans(best.plan)) {
      if (best.runs >= mostRuns) return best;
      const found = await tryPlan(smaller);
      best = { ...best, runs: best.runs + 1 };
      if (found?.promise !== violation.promise) continue;
      best = { plan: smaller, violation: found, runs: best.runs };
      hasShrunk = true;
      break;
    }
  }
  return best;
}

/** PURE: what can be left out, the most first. */
function* smallerPlans(plan: RunPlan): Generator<RunPlan> {
  const { events } = plan;
  for (let size = Math.ceil(events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < events.length; from += size)
      yield { ...plan, events: [...events.slice(0, from), ...events.slice(from + size)] };
  if (plan.nodes > 1) yield { ...plan, nodes: plan.nodes - 1 };
  if (plan.replicas > 1)
    yield { ...plan, replicas: plan.replicas - 1, clockRates: plan.clockRates.slice(0, plan.replicas - 1) };
  if (plan.hasTwoFamilies) yield { ...plan, hasTwoFamilies: false };
  if (plan.clockRates.some((rate) => rate !== 1)) yield { ...plan, clockRates: plan.clockRates.map(() => 1) };
  const calm = { usualMs: plan.weather.usualMs, slowPercent: 0, slowMs: 0, lossPercent: 0 };
  if (JSON.stringify(calm) !== JSON.stringify(plan.weather)) yield { ...plan, weather: calm };
  const lastMs = Math.max(0, ...events.map(({ atMs }) => atMs)) + 1_000;
  for (const chaosMs of [lastMs, Math.floor((plan.chaosMs + lastMs) / 2)])
    if (chaosMs < plan.chaosMs) yield { ...plan, chaosMs };
  for (const [index, event] of events.entries())
    for (const shorter of shorterEvents(event)) yield { ...plan, events: events.with(index, shorter) };
}

function* shorterEvents(event: PlannedEvent): Generator<PlannedEvent> {
  if ('forMs' in event && event.forMs > 500) yield { ...event, forMs: Math.floor(event.forMs / 2) };
}
