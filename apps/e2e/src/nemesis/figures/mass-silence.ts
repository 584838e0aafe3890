/** More than half of the registrations expire at one moment: nothing is taken from anybody, and somebody is told. */
import { systemClock } from '@wgcni/base';
import { keysOf, type SubnetRecord } from '@wgcni/store';
import { readPrefix } from '@wgcni/testing';
import { bringUp, type Scenario } from '../../scenario.ts';
import { addBystander } from './bystander.ts';
import type { Figure } from './figure.ts';
import { readLog } from './log-lines.ts';

const silentNodes = 10;
/** Far longer than TTL, hold-down and the two readings after it. */
const waitMs = 25_000;

/** In a lab of its own, whose hold-down is short. */
export async function measureMassSilence(): Promise<Figure[]> {
  const flags = ['--registration-ttl', '4s', '--hold-down', '6s', '--silence-reading', '1s', '--rest', '1s'];
  const scene = await bringUp({ nodes: 2, containersPerNode: 1, etcd: 1 }, { managerFlags: flags });
  try {
    return await measure(scene);
  } finally {
    await scene.lab.down();
  }
}

async function measure({ lab }: Scenario): Promise<Figure[]> {
  for (let number = 1; number <= silentNodes; number += 1)
    await addBystander(lab, `${lab.plan.cluster}-silent${number}`, number);
  const [node] = lab.plan.nodes;
  if (node === undefined) throw new Error('the lab has no node');
  const wanted = silentNodes + 1;
  await lab.nodeStatusWhere(node, ({ peers }) => peers.filter(({ state }) => state === 'programmed').length === wanted);
  await systemClock.sleep(waitMs);
  const { peers } = await lab.nodeStatusWhere(node, () => true);
  const programmed = peers.filter(({ state }) => state === 'programmed').length;
  const values = await readPrefix(lab.programs.etcdctl, lab.plan, keysOf(lab.plan.cluster).subnets);
  const held = values.filter((value) => (JSON.parse(value) as SubnetRecord).state === 'held').length;
  const logs = await Promise.all(lab.plan.managers.map(({ log }) => readLog(log)));
  const alarms = logs.flat().filter(({ msg }) => msg === 'reclaim.withheld').length;
  const removed = wanted - programmed;
  return [
    {
      name: `peers removed when ${silentNodes} of ${silentNodes + 2} registrations expire at once`,
      value: `${removed}; subnets held ${held} of ${2 * (silentNodes + 2)}; the alarm reclaim.withheld was raised ${alarms} times`,
      isKept: removed === 0 && held === 2 * (silentNodes + 2) && alarms > 0,
    },
  ];
}
