/** Etcd loses what it knew: its history is compacted under a cut watch, an older snapshot comes back, or nothing does. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@wgcni/base';
import { restoreSnapshot, saveSnapshot, until } from '@wgcni/testing';
import { execa } from 'execa';
import { cut } from './cut.ts';
import { someNode, type Arena, type Nemesis, type Strike } from './nemesis.ts';

export const storeNemeses: readonly Nemesis[] = [
  { name: 'compaction under a cut watch', harm: 'control', lastsMs: [4_000, 12_000], strike: compactWhileCut },
  { name: 'etcd restored from an older snapshot', harm: 'history', lastsMs: [0, 1_000], strike: restoreOlder },
  { name: 'etcd emptied', harm: 'history', lastsMs: [0, 1_000], strike: empty },
];

/** One node and one manager are cut off; before they come back, the revisions that they wait for are gone. */
async function compactWhileCut(arena: Arena): Promise<Strike> {
  const { lab, etcd, random } = arena;
  const node = someNode(arena);
  const manager = random.pick(lab.plan.managers);
  const from = lab.plan.etcd.map(({ address }) => address);
  const mend = await cut([node.netnsPath, manager.netnsPath ?? ''].map((netnsPath) => ({ netnsPath, from })));
  return {
    what: `${node.id} and ${manager.id}`,
    heal: async () => {
      // What the recorder has not seen yet must stay.
      await etcd.store.compact(etcd.revision);
      await mend();
    },
  };
}

/** Everything of the last seconds is undone. */
async function restoreOlder({ lab, etcd, random }: Arena): Promise<Strike> {
  const snapshot = await saveSnapshot(lab.programs, lab.plan);
  await systemClock.sleep(random.between(2_000, 8_000));
  await stopEtcd({ lab, etcd });
  return {
    what: 'all members',
    heal: async () => {
      await restoreSnapshot(lab.programs, lab.plan, snapshot);
      await lab.startAllEtcd();
      await etcd.start({ isLoss: true });
    },
  };
}

/** The network comes back from what a node has stored, by the operator's command. */
async function empty(arena: Arena): Promise<Strike> {
  const { lab, etcd } = arena;
  const node = someNode(arena);
  await stopEtcd(arena);
  return {
    what: `all members; the network comes back from ${node.id}`,
    heal: async () => {
      for (const { dataDir } of lab.plan.etcd) await rm(dataDir, { recursive: true, force: true });
      await lab.startAllEtcd();
      await etcd.start({ isLoss: true });
      const args = [...lab.wgcniFlags(), 'network', 'restore', join(node.dataDir, 'view.json')];
      await until(20_000, 'the network to be restored', async () => {
        const { exitCode, stderr } = await execa(lab.programs.wgcni, args, { reject: false });
        return exitCode === 0 || new Error(stderr);
      });
    },
  };
}

async function stopEtcd({ lab, etcd }: Pick<Arena, 'lab' | 'etcd'>): Promise<void> {
  await etcd.pause();
  for (const { name } of lab.plan.etcd) lab.process(name).kill('SIGKILL');
  for (const { name } of lab.plan.etcd) await lab.process(name).ended(5_000);
}
