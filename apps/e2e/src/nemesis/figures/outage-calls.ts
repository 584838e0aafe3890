/** ADD and DEL without a control plane: whether all succeed, and whether they take longer than with one. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '@wgcni/base';
import type { NodePlan } from '@wgcni/testing';
import { SeededRandom } from '../../crash/random.ts';
import { bringUp, type Scenario } from '../../scenario.ts';
import { runDirectory } from '../campaign.ts';
import { addAndDelete, succeededMs, type Call } from './calls.ts';
import { isControlPlaneGone, killControlPlane, nodesAgree, startControlPlane } from './control-plane.ts';
import type { Figure } from './figure.ts';
import { compareRounds, fewestRounds, median, type Comparison } from './ratio-of-medians.ts';

const pairsPerRound = 50;
/** Before every round of either kind, so that neither is measured while things still start or notice. */
const settleMs = 3_000;
const commands = ['ADD', 'DEL'] as const;

/** In a lab of its own: healthy, outage, healthy, outage, …, so many rounds of each kind, each short, so that drift hits both. */
export async function measureOutageCalls(rounds: number): Promise<Figure[]> {
  if (rounds < fewestRounds) throw new RangeError(`ROUNDS=${rounds}: the interval needs at least ${fewestRounds}`);
  const scene = await bringUp({ nodes: 2, containersPerNode: 2 });
  try {
    return await measure(scene, rounds);
  } finally {
    await scene.lab.down();
  }
}

async function measure(scene: Scenario, rounds: number): Promise<Figure[]> {
  const { lab } = scene;
  const [node] = lab.plan.nodes;
  if (node === undefined) throw new Error('the lab has no node');
  await nodesAgree(lab);
  await addAndDelete(scene, node, pairsPerRound);
  const healthy: Call[][] = [];
  const outage: Call[][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    healthy.push(await measureRound(scene, node, `round ${round}, healthy`));
    await killControlPlane(lab);
    outage.push(await measureRound(scene, node, `round ${round}, outage `));
    if (!isControlPlaneGone(lab)) throw new Error('something of the control plane ran in an outage');
    await startControlPlane(lab);
    await nodesAgree(lab);
  }
  await writeDown({ healthy, outage });
  return [countFigure(outage.flat(), healthy.flat()), ...commands.map((each) => ratioFigure(each, healthy, outage))];
}

async function measureRound(scene: Scenario, node: NodePlan, name: string): Promise<Call[]> {
  await systemClock.sleep(settleMs);
  const calls = await addAndDelete(scene, node, pairsPerRound);
  const medians = commands.map((command) => `${command} ${median(succeededMs(calls, command)).toFixed(1)} ms`);
  process.stdout.write(`${name}: ${medians.join(', ')}\n`);
  return calls;
}

/** Every call of every round, so that the medians can be looked at again. */
async function writeDown(rounds: { healthy: Call[][]; outage: Call[][] }): Promise<void> {
  const directory = runDirectory(resolve(import.meta.dirname, '../../../../..'), 0, new Date());
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'outage-calls.json');
  await writeFile(path, JSON.stringify(rounds));
  process.stdout.write(`every call is in ${path}\n`);
}

function countFigure(outage: readonly Call[], healthy: readonly Call[]): Figure {
  const failures = [...outage, ...healthy].flatMap(({ failure }) => failure ?? []);
  const [inOutage, before] = [outage, healthy].map(
    (calls) => `${calls.filter(({ failure }) => failure === undefined).length} of ${calls.length}`,
  );
  const first = failures.length === 0 ? '' : `; the first that did not: ${failures.slice(0, 3).join('; ')}`;
  return {
    name: 'ADD and DEL with managers and etcd down',
    value: `${inOutage} succeed (${before} in the healthy rounds between), addresses distinct while held${first}`,
    isKept: failures.length === 0,
  };
}

function ratioFigure(command: Call['command'], healthy: Call[][], outage: Call[][]): Figure {
  const durations = (rounds: Call[][]): number[][] => rounds.map((calls) => succeededMs(calls, command));
  const found = compareRounds({ healthy: durations(healthy), outage: durations(outage) }, new SeededRandom(3));
  return {
    name: `${command}: median in an outage over median in health`,
    value: `${words(found)}, in ${outage.length} rounds of ${pairsPerRound} of each kind`,
    // A call that is quicker without a control plane breaks no promise; the words say it.
    isKept: found.place !== 'above',
  };
}

function words({ healthyMs, outageMs, ratio, healthyRatio, interval, place }: Comparison): string {
  const { low, high } = interval;
  const where = { below: 'quicker than', inside: 'inside', above: 'ABOVE' }[place];
  const bounds = `${low.toFixed(3)} to ${high.toFixed(3)}`;
  return `${ratio.toFixed(3)} (${outageMs.toFixed(1)} over ${healthyMs.toFixed(1)} ms), ${where} the interval of healthy over healthy, ${bounds} (its own halves: ${healthyRatio.toFixed(3)})`;
}
