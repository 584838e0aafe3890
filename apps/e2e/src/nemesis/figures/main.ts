/** `make nemesis-figures`: what faults are measured by, ROUNDS times each or for MINUTES, those with ONLY in their names; ends with 1 when one is out of its bound. */
import { resolve } from 'node:path';
import type { LabSize } from '@wgcni/testing';
import { bringUp, type Scenario } from '../../scenario.ts';
import { openArena } from '../arena.ts';
import { runDirectory } from '../campaign.ts';
import { EtcdRecorder } from '../history/etcd-recorder.ts';
import { Recorder } from '../history/recorder.ts';
import type { Arena } from '../nemeses/nemesis.ts';
import { churnManagerFlags, churnSize, measureChurn } from './churn.ts';
import { measureDeposed } from './deposed.ts';
import type { Figure } from './figure.ts';
import { measureLongOutage } from './long-outage.ts';
import { measureMassSilence } from './mass-silence.ts';
import { measureOneLeader } from './one-leader.ts';
import { measureOutageCalls } from './outage-calls.ts';
import { measureTakeovers } from './takeover.ts';
import { measureWatchToKernel } from './watch-to-kernel/measure.ts';

/** A lab in which nothing else happens, and what a measurement needs of it. */
interface Bench {
  scene: Scenario;
  arena: Omit<Arena, 'random'>;
  recorder: Recorder;
}

const measures: Record<string, (rounds: number) => Promise<Figure[]>> = {
  takeover: (rounds) => inALab(({ scene, arena }) => measureTakeovers(scene, arena, rounds)),
  deposed: (rounds) => inALab(({ scene, arena }) => measureDeposed(scene, arena, rounds)),
  'one-leader': (rounds) =>
    inALab(({ scene, arena, recorder }) => measureOneLeader(scene, arena, { recorder, partitions: rounds })),
  'mass-silence': () => measureMassSilence(),
  'watch-to-kernel': (rounds) => measureWatchToKernel(rounds),
  churn: () => {
    const minutes = Number(process.env['MINUTES'] ?? 30);
    return inALab(({ scene, arena, recorder }) => measureChurn(scene, arena, { recorder, minutes }), {
      size: churnSize,
      managerFlags: churnManagerFlags,
    });
  },
  'outage-calls': (rounds) => measureOutageCalls(rounds),
  'long-outage': () => measureLongOutage(Number(process.env['MINUTES'] ?? 10)),
};

const smallLab: { size: LabSize; managerFlags: string[] } = {
  size: { nodes: 1, containersPerNode: 0, isApart: true },
  managerFlags: [],
};

async function inALab(work: (bench: Bench) => Promise<Figure[]>, { size, managerFlags } = smallLab): Promise<Figure[]> {
  const scene = await bringUp(size, { managerFlags });
  const recorder = new Recorder(runDirectory(resolve(import.meta.dirname, '../../../../..'), 0, new Date()));
  const etcd = new EtcdRecorder(recorder, scene.lab);
  try {
    await etcd.start();
    return await work({ scene, arena: openArena(scene.lab, etcd), recorder });
  } finally {
    await etcd.close();
    await scene.lab.down();
    await recorder.close();
  }
}

async function main(): Promise<number> {
  const rounds = Number(process.env['ROUNDS'] ?? 10);
  const chosen = Object.entries(measures).filter(([name]) => name.includes(process.env['ONLY'] ?? ''));
  const figures: Figure[] = [];
  for (const [, measure] of chosen) {
    const found = await measure(rounds);
    for (const { name, value, isKept } of found)
      process.stdout.write(`${isKept ? 'kept  ' : 'BROKEN'}  ${name}: ${value}\n`);
    figures.push(...found);
  }
  return figures.length > 0 && figures.every(({ isKept }) => isKept) ? 0 : 1;
}

process.exitCode = await main();
