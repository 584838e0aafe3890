/** Cluster-managers that are started while no etcd is there: they stand, wait and end when they are asked to. */
import { systemClock } from '@wgcni/base';
import type { Lab } from '@wgcni/testing';

export interface Standing {
  /** What they did that they should not. */
  failures: string[];
  /** From SIGTERM to the end of the process, of the slowest. */
  longestEndMs: number;
}

/** Longer than every deadline of a call to etcd. */
const standMs = 8_000;
const endMs = 10_000;

/** Starts all of them, sees them stand, asks each to end, and starts all of them again; those stay. */
export async function restartManagersAlone(lab: Lab): Promise<Standing> {
  const ids = lab.plan.managers.map(({ id }) => id);
  for (const id of ids) lab.startManager(id);
  await systemClock.sleep(standMs);
  const failures = fallenManagers(lab);
  const tookMs: number[] = [];
  for (const id of ids) {
    const asked = systemClock.monotonicMs();
    lab.process(id).kill('SIGTERM');
    if (!(await lab.process(id).ended(endMs))) {
      failures.push(`${id} runs ${endMs} ms after SIGTERM`);
      await lab.process(id).stop();
    }
    tookMs.push(systemClock.monotonicMs() - asked);
    lab.startManager(id);
  }
  return { failures, longestEndMs: Math.max(...tookMs) };
}

/** Those that ended by themselves. */
export function fallenManagers(lab: Lab): string[] {
  return lab.plan.managers.filter(({ id }) => !lab.isRunning(id)).map(({ id }) => `${id} ended by itself`);
}
