/** Runs one plan to its end: start, things that go wrong, healing, quiet, and the last look. */
import { scheduleEvent } from './apply-event.ts';
import { checkAtRest } from './checks/at-rest.ts';
import type { Violation } from './checks/violation.ts';
import type { RunPlan } from './plan.ts';
import type { Tally } from './tally.ts';
import { World, type Trace } from './world.ts';

export interface RunResult {
  violations: Violation[];
  tally: Tally;
}

/** Starts of the parts are spread over so long. */
const startsWithinMs = 400;
const quietMs = 30_000;
/** A recovery lasts three registration TTLs, and a node may begin one at its next registration. */
const recoveringTtls = 5;

/** The same plan gives the same run. A run stops at its first violation. */
export async function run(plan: RunPlan, trace?: Trace): Promise<RunResult> {
  const world = new World(plan, trace);
  const { timeline, judge, server } = world;
  const hasFailed = (): boolean => judge.violations.length > 0;
  const look = (): void => judge.look();
  world.replicas.forEach((replica, index) => timeline.after(index * 50, () => replica.start()));
  world.machines.forEach((machine, index) => timeline.after((index * startsWithinMs) / 4, () => machine.start()));
  for (const event of plan.events) scheduleEvent(world, event);
  await passing(world, plan.chaosMs, look);
  if (!hasFailed()) {
    world.heal();
    const restoredMs = judge.restoredMs === undefined ? 0 : recoveringTtls * plan.timing.registrationTtlSec * 1_000;
    await passing(world, plan.chaosMs + quietMs + restoredMs, look);
  }
  if (!hasFailed()) {
    const { machines, replicas } = world;
    checkAtRest(
      { ledger: judge.ledger, keys: judge.keys, server, replicas, machines, subnets: plan.subnets },
      judge.accuse,
    );
  }
  for (const replica of world.replicas) replica.kill();
  for (const machine of world.machines) machine.crash();
  const unknowns = world.replicas.reduce((sum, replica) => sum + replica.unknowns, 0);
  return { violations: judge.violations, tally: { ...judge.tally, runs: 1, steps: timeline.steps, unknowns } };
}

/** Until so late, or until a promise is broken. The store ends its leases by itself. */
async function passing(world: World, untilMs: number, look: () => void): Promise<void> {
  const { timeline, server, judge } = world;
  for (let nowMs = timeline.nowMs; nowMs < untilMs && judge.violations.length === 0; nowMs = timeline.nowMs) {
    await timeline.run(Math.min(untilMs, nowMs + 250), look);
    server.expire();
  }
}
