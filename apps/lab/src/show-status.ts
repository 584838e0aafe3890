/** `lab status`: which processes of the lab run, without touching any. */
import { Lab, type LabPlan, type Programs } from '@wgcni/testing';

/** Prints a line per process, or one JSON document; answers 0 when all of them run, 1 otherwise. */
export function showStatus(plan: LabPlan, programs: Programs, isJson: boolean, say: (line: string) => void): number {
  const lab = new Lab(plan, programs);
  const names = [
    ...plan.etcd.map(({ name }) => name),
    ...plan.managers.map(({ id }) => id),
    ...plan.nodes.map(({ id }) => id),
  ];
  const rows = names.map((name) => ({ name, isAlive: lab.isRunning(name) }));
  if (isJson) say(JSON.stringify(rows, null, 2));
  else for (const { name, isAlive } of rows) say(`${name}\t${isAlive ? 'runs' : 'does not run'}`);
  return rows.every(({ isAlive }) => isAlive) ? 0 : 1;
}
