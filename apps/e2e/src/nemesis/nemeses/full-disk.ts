/** No space is left: on a node's data directory, or on that of one etcd member; both lie on small file systems of their own. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LabPlan } from '@wgcni/testing';
import { execa } from 'execa';
import { someNode, type Arena, type Nemesis, type Strike } from './nemesis.ts';

export const diskNemeses: readonly Nemesis[] = [
  { name: 'full disk of a node', harm: 'control', lastsMs: [3_000, 8_000], strike: fillNode },
  { name: 'full disk of a member', harm: 'control', lastsMs: [5_000, 12_000], strike: fillMember },
];

const nodeSize = '16m';
/** etcd's write-ahead log is made in files of 64 MB, two at a time. */
const memberSize = '400m';

/** Before the lab is up: a file system for each node's data and each member's. The lab's `down` unmounts them. */
export async function mountSmallDisks(plan: LabPlan): Promise<void> {
  for (const { dataDir } of plan.nodes) await mountAt(dataDir, nodeSize);
  for (const { dataDir } of plan.etcd) await mountAt(dirname(dataDir), memberSize);
}

async function mountAt(path: string, size: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', path]);
}

async function fillNode(arena: Arena): Promise<Strike> {
  const node = someNode(arena);
  return fill(node.id, join(node.dataDir, 'filling'));
}

/** A member that cannot write any more ends; it is started again when there is space. */
async function fillMember(arena: Arena): Promise<Strike> {
  const { lab, random } = arena;
  const { name, dataDir } = random.pick(lab.plan.etcd);
  const strike = await fill(name, join(dirname(dataDir), 'filling'));
  return {
    what: strike.what,
    heal: async () => {
      await strike.heal();
      if (!lab.isRunning(name)) lab.startEtcdMember(name, { state: 'existing' });
    },
  };
}

async function fill(what: string, path: string): Promise<Strike> {
  // A node-manager that starts meanwhile refuses what others may read.
  await writeFile(path, '', { mode: 0o600 });
  // It ends when the disk is full, which is what is wanted.
  await execa('dd', ['if=/dev/zero', `of=${path}`, 'bs=4k'], { reject: false });
  return { what, heal: () => rm(path, { force: true }) };
}
