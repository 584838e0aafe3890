/** Takes a lab down: processes by pid, each node's own teardown, namespaces, files; repeatable, whatever is there. */
import { readFile, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { listNetns, removeBridge, removeNetns } from './netns.ts';
import { clearOutside, isOutside } from './outside.ts';
import { planLab, type LabPlan, type NodePlan } from './plan.ts';
import { LabProcess } from './process.ts';
import type { Programs } from './programs.ts';
import { readRecord } from './record.ts';

/** Resolves when nothing of the lab is left. */
export async function takeDown(plan: LabPlan, programs: Programs): Promise<void> {
  const { processes } = readRecord(plan.dir);
  await Promise.all(processes.map((record) => new LabProcess(record).stop()));
  const present = new Set(await listNetns());
  // ORDER: the node-manager's teardown needs the namespace, and ends the userspace WireGuard processes that outlive it.
  await Promise.all(nodesPresent(plan, present).map((node) => tearDownNode(node, programs)));
  // ORDER: what the kernel takes away with a namespace goes at its leisure; links that are removed are gone.
  await removeBridge(plan);
  for (const name of present) {
    if (isOutside(plan, name)) await clearOutside(name);
    if (name === plan.controlNetns || name.startsWith(`wgcni-${plan.name}-`)) await removeNetns(name);
  }
  await unmountUnder(plan.dir);
  await rm(plan.dir, { recursive: true, force: true });
  await removeIfEmpty(dirname(plan.dir));
}

/** The nodes whose namespaces stand, also those that joined after the lab was up. */
function nodesPresent(plan: LabPlan, present: ReadonlySet<string>): NodePlan[] {
  const numbers = [...present].flatMap((name) => {
    const match = new RegExp(`^wgcni-${plan.name}-n([0-9]+)$`).exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  const { nodes } = planLab(plan.name, { nodes: Math.max(0, ...numbers) });
  return nodes.filter(({ netns }) => present.has(netns));
}

/** Removes everything the node-manager ever made on its node, with its own command. */
async function tearDownNode(node: NodePlan, programs: Programs): Promise<void> {
  const flags = [
    '--teardown',
    '--node-id',
    node.id,
    '--data-dir',
    node.dataDir,
    '--queue-dir',
    node.queueDir,
    '--socket',
    node.socket,
  ];
  await execa('nsenter', [`--net=${node.netnsPath}`, process.execPath, programs.nodeManager, ...flags]);
}

/** Unmounts what a test has mounted there, the last first. */
async function unmountUnder(dir: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const path of mounts.filter((each) => each.startsWith(`${dir}/`)).reverse()) await execa('umount', [path]);
}

async function removeIfEmpty(dir: string): Promise<void> {
  try {
    await rmdir(dir);
  } catch (error) {
    // Busy is what is mounted there, for a program that runs apart (apart.sh).
    if (!['ENOTEMPTY', 'ENOENT', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
