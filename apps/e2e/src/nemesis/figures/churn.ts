/** Half an hour of coming and going, its leader lost every minute: what the programs that live through it hold on to. */
import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@wgcni/base';
import { keysOf } from '@wgcni/store';
import type { LabSize, ManagerPlan } from '@wgcni/testing';
import type { Scenario } from '../../scenario.ts';
import { ofKind } from '../history/event.ts';
import type { Recorder } from '../history/recorder.ts';
import type { Arena } from '../nemeses/nemesis.ts';
import { ChurnLoad } from './churn-load.ts';
import type { Figure } from './figure.ts';
import { inspectedAt, readMemory } from './inspected.ts';
import { countLeases } from './lease-count.ts';
import { judgeSteadiness, type Sample } from './steady.ts';

const registrationTtlMs = 5_000;
const holdDownMs = 12_000;

/** The lab that is wanted. */
export const churnSize: LabSize = { nodes: 2, containersPerNode: 1, isApart: true };
export const churnManagerFlags: string[] = [
  ...['--registration-ttl', `${registrationTtlMs / 1_000}s`, '--hold-down', `${holdDownMs / 1_000}s`],
  ...['--silence-reading', '2s', '--rest', '2s'],
];

/** Of each minute: when the leader is lost, and when the load ends. */
const deposedAtMs = 20_000;
const restsAtMs = 46_000;
/** From then on until what is transient is gone: leases of 5 s among it. */
const settledMs = 8_000;
/**
 * Three times in a run, at its thirds, it rests for longer, which is no time of churn: a connection between managers is kept alive for 72 s after its last
 * request, and how many there are depends on who led.
 */
const stillMs = 80_000;
/** Operations that were answered as wanted, in a minute that counts as churn. */
const leastPerMinute = 300;

interface Watched {
  name: string;
  address: string;
  pid: number;
}

/** Runs so many minutes; a sample of each stands in the run's folder. */
export async function measureChurn(
  scene: Scenario,
  arena: Omit<Arena, 'random'>,
  { recorder, minutes }: { recorder: Recorder; minutes: number },
): Promise<Figure[]> {
  const { lab } = scene;
  // It is never killed: it leads, is deposed and follows.
  const spared = lab.plan.managers.at(-1);
  if (spared === undefined) throw new Error('the lab has no manager');
  const watched = await inspect(scene, spared);
  const load = await ChurnLoad.prepare({ lab, recorder, registrationTtlMs, holdDownMs });
  const samples: Sample[] = [];
  const lost = { killed: 0, deposed: 0 };
  const stillMinutes = [1, 2, 3].map((third) => Math.ceil((third * minutes) / 3));
  try {
    for (let minute = 1; minute <= minutes; minute += 1) {
      const beganMs = systemClock.monotonicMs();
      const until = (ms: number): Promise<void> =>
        systemClock.sleep(Math.max(0, beganMs + ms - systemClock.monotonicMs()));
      load.start();
      await until(deposedAtMs);
      lost[await loseLeader(scene, arena, spared.id)] += 1;
      await until(restsAtMs);
      await load.rest();
      const isStill = stillMinutes.includes(minute);
      await systemClock.sleep(isStill ? stillMs : settledMs);
      const sample = await takeSample(scene, arena, { watched, minute, isStill });
      samples.push(sample);
      await appendFile(join(recorder.dir, 'samples.jsonl'), `${JSON.stringify(sample)}\n`);
      process.stdout.write(`${rowOf(sample)}\n`);
      await until(60_000);
    }
  } finally {
    await load.rest();
  }
  return [judgeLoad(recorder, minutes, lost), ...judgeSteadiness(samples)];
}

/** Starts those that live through the run anew, so that they can be asked. */
async function inspect({ lab }: Scenario, spared: ManagerPlan): Promise<Watched[]> {
  await lab.process(spared.id).stop();
  const manager = lab.startManager(spared.id, inspectedAt(spared.address));
  const watched = [{ name: 'the spared manager', address: spared.address, pid: manager.pid }];
  for (const [index, node] of lab.plan.nodes.entries()) {
    await lab.process(node.id).stop();
    const { pid } = lab.startNode(node, [], inspectedAt(node.underlay.v4));
    await lab.nodeReady(node);
    watched.push({ name: `node-manager ${index + 1}`, address: node.underlay.v4, pid });
  }
  return watched;
}

/** The leader is killed and started again; from the spared one only the lead is taken, by the end of its lease. */
async function loseLeader(
  { lab }: Scenario,
  { leader, etcd }: Omit<Arena, 'random'>,
  spared: string,
): Promise<'killed' | 'deposed'> {
  const id = await leader();
  if (id === spared) {
    const { item } = await etcd.store.get(keysOf(lab.plan.cluster).leader);
    await etcd.store.revokeLease(item?.lease ?? '0');
    return 'deposed';
  }
  lab.process(id).kill('SIGKILL');
  if (!(await lab.process(id).ended(10_000))) throw new Error(`${id} did not end by SIGKILL`);
  lab.startManager(id);
  return 'killed';
}

/** Descriptors first: the inspector's connection is one. */
async function takeSample(
  { lab }: Scenario,
  { etcd }: Omit<Arena, 'random'>,
  { watched, ...when }: { watched: readonly Watched[]; minute: number; isStill: boolean },
): Promise<Sample> {
  const leases = await countLeases(lab, etcd.store);
  const programs: Sample['programs'] = {};
  for (const { name, address, pid } of watched) {
    const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
    programs[name] = { descriptors, ...(await readMemory(address)) };
  }
  return { ...when, programs, leases };
}

function judgeLoad({ events }: Recorder, minutes: number, lost: { killed: number; deposed: number }): Figure {
  const done = ofKind(events, 'operation').filter(({ outcome }) => outcome === 'ok');
  const counts = new Map<string, number>();
  for (const { name } of done) counts.set(name, (counts.get(name) ?? 0) + 1);
  const each = [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
  return {
    name: `churn of ${minutes} minutes`,
    value: `leaders killed ${lost.killed}, deposed alive ${lost.deposed}; ${done.length} operations (${each})`,
    isKept: done.length >= leastPerMinute * minutes && lost.deposed > 0,
  };
}

function rowOf({ minute, isStill, programs, leases }: Sample): string {
  const columns = Object.entries(programs).map(([name, { heapBytes, externalBytes, residentBytes, descriptors }]) => {
    const [heap, external, resident] = [heapBytes, externalBytes, residentBytes].map((bytes) =>
      (bytes / 1_000_000).toFixed(2),
    );
    return `${name}: heap ${heap}, external ${external}, resident ${resident} MB, ${descriptors} descriptors`;
  });
  return `minute ${minute}${isStill ? ', still' : ''}: ${columns.join('; ')}; leases ${leases.all}, of tombstones ${leases.tombstones}, idle ${leases.idle}`;
}
