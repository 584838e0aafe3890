/** What a person can type next to make a machine outside the cluster a client of it. */
import { join } from 'node:path';
import { planOutside, type LabPlan, type Place, type Programs } from '@wgcni/testing';

/** Commands that add a client, bring its tunnel up with nothing but wg-quick, and take it away again; they follow those of `howToLook`. */
export function howToDialIn(plan: LabPlan, programs: Programs, places: readonly Place[]): string {
  const managers = plan.managers.map(({ url }) => url).join(',');
  const wgcni = `nsenter --net=/run/netns/${plan.controlNetns} ${programs.wgcni} --manager ${managers}`;
  const outside = `nsenter --net=${planOutside(plan, 1).netnsPath}`;
  // The file's name is the link's, and that of its userspace process on the whole machine.
  const file = join(plan.dir, `${plan.name}-pc.conf`);
  return [
    'dial in from outside:',
    `  ${wgcni} client add laptop --out ${file}`,
    `  ${outside} wg-quick up ${file}`,
    ...places.slice(0, 1).map(({ addresses }) => `  ${outside} ping -c 3 ${addresses[0] ?? ''}`),
    `  ${wgcni} client remove laptop   # and the ping is answered no more`,
    `  ${outside} wg-quick down ${file}`,
  ].join('\n');
}
