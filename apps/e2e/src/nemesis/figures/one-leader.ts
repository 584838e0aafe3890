/** Partitions of the leader from etcd, with everybody asked every 20 ms whether it leads: for how long do two believe so? */
import { systemClock } from '@wgcni/base';
import { until } from '@wgcni/testing';
import { SeededRandom } from '../../crash/random.ts';
import type { Scenario } from '../../scenario.ts';
import { leadershipOverlap } from '../checkers/leadership.ts';
import { ofKind } from '../history/event.ts';
import type { Recorder } from '../history/recorder.ts';
import type { Arena } from '../nemeses/nemesis.ts';
import { partitionNemeses } from '../nemeses/partitions.ts';
import { BeliefSampler } from '../observe/belief-sampler.ts';
import type { Figure } from './figure.ts';
import { readLog } from './log-lines.ts';
import { logOverlapMs, termsOf } from './terms.ts';

const sampleEveryMs = 20;
const nemesis = partitionNemeses.find(({ name }) => name === 'cut leader–etcd');

/** So many partitions, each until another one leads and a little longer. */
export async function measureOneLeader(
  { lab }: Scenario,
  arena: Omit<Arena, 'random'>,
  { recorder, partitions }: { recorder: Recorder; partitions: number },
): Promise<Figure[]> {
  if (nemesis === undefined) throw new Error('there is no such nemesis');
  const random = new SeededRandom(2);
  const sampler = new BeliefSampler(recorder, lab, sampleEveryMs);
  for (let done = 0; done < partitions; done += 1) {
    const before = await arena.leader();
    const strike = await nemesis.strike({ ...arena, random });
    await until(30_000, 'another leader', async () => {
      const now = await arena.leader();
      return now !== before || new Error(`${now} still`);
    });
    await systemClock.sleep(random.between(200, 1_500));
    await strike.heal();
    await systemClock.sleep(random.between(200, 1_000));
  }
  await sampler.stop();
  const { longestMs } = leadershipOverlap(recorder.events);
  const samples = ofKind(recorder.events, 'belief').reduce((sum, each) => sum + each.samples, 0);
  const logs = await Promise.all(lab.plan.managers.map(async ({ id, log }) => termsOf(id, await readLog(log))));
  const loggedMs = logOverlapMs(logs.flat());
  return [
    {
      name: `two replicas believing they lead, in ${partitions} partitions`,
      value: `${Math.round(longestMs)} ms by ${samples} answers that claimed it, ${loggedMs} ms by their logs (${logs.flat().length} terms)`,
      isKept: longestMs === 0 && loggedMs === 0 && logs.flat().length > partitions,
    },
  ];
}
