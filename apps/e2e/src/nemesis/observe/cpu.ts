/** What the programs of a lab cost: processor time of their own and of the processes that they started and saw end. */
import { readFile } from 'node:fs/promises';
import type { Lab } from '@wgcni/testing';

/** Clock ticks per second in /proc/<pid>/stat; the same on every Linux that Node runs on. */
const ticksPerSec = 100;

/** One line with the seconds of each process that runs. */
export async function processorTimes(lab: Lab): Promise<string> {
  const { etcd, managers, nodes } = lab.plan;
  const names = [...etcd.map(({ name }) => name), ...managers.map(({ id }) => id), ...nodes.map(({ id }) => id)];
  const times = await Promise.all(
    names.map(async (name) => {
      const stat = await readFile(`/proc/${lab.process(name).pid}/stat`, 'utf8').catch(() => '');
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
      const seconds = (ticks: number): string => (ticks / ticksPerSec).toFixed(1);
      return `${name} ${seconds(user + system)} + ${seconds(childUser + childSystem)}`;
    }),
  );
  return `processor seconds, own + children's: ${times.join(', ')}`;
}
