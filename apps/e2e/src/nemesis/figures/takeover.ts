/** How long writes wait when the leader dies, when etcd's leader dies with it, and when it is asked to go. */
import { waitForEtcd } from '@wgcni/testing';
import { systemClock } from '@wgcni/base';
import { SeededRandom } from '../../crash/random.ts';
import type { Scenario } from '../../scenario.ts';
import type { Arena } from '../nemeses/nemesis.ts';
import { addBystander } from './bystander.ts';
import type { Figure } from './figure.ts';

interface Way {
  name: string;
  signal: 'SIGKILL' | 'SIGTERM';
  withEtcdLeader: boolean;
  boundMs: number;
}

const ways: readonly Way[] = [
  { name: 'takeover after SIGKILL', signal: 'SIGKILL', withEtcdLeader: false, boundMs: 6_000 },
  {
    name: "takeover after SIGKILL of the leader and of etcd's leader",
    signal: 'SIGKILL',
    withEtcdLeader: true,
    boundMs: 14_000,
  },
  { name: 'takeover after SIGTERM', signal: 'SIGTERM', withEtcdLeader: false, boundMs: 500 },
];

/** From the signal to the answer of the first write after it, so many times each. */
export async function measureTakeovers(
  scene: Scenario,
  arena: Omit<Arena, 'random'>,
  rounds: number,
): Promise<Figure[]> {
  const client = scene.lab.managerClient();
  const nodeId = `${scene.lab.plan.cluster}-bystander`;
  const random = new SeededRandom(1);
  await addBystander(scene.lab, nodeId, 1);
  const figures: Figure[] = [];
  for (const way of ways) {
    const tookMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // At any phase of the lease's renewals.
      await systemClock.sleep(random.between(1_000, 3_000));
      const write = (): Promise<unknown> => (round % 2 === 0 ? client.drain(nodeId) : client.undrain(nodeId));
      tookMs.push(await measureOne(scene, arena, way, write));
    }
    const longestMs = Math.max(...tookMs);
    const each = tookMs.map((ms) => `${Math.round(ms)}`).join(', ');
    figures.push({
      name: way.name,
      value: `${Math.round(longestMs)} ms at most of ${rounds} (${each})`,
      isKept: longestMs <= way.boundMs,
    });
  }
  await client.close();
  return figures;
}

async function measureOne(
  { lab }: Scenario,
  arena: Omit<Arena, 'random'>,
  way: Way,
  write: () => Promise<unknown>,
): Promise<number> {
  const [leader, etcdLeader] = [await arena.leader(), await arena.etcdLeader()];
  const startedAt = systemClock.monotonicMs();
  lab.process(leader).kill(way.signal);
  if (way.withEtcdLeader) lab.process(etcdLeader).kill('SIGKILL');
  await writeUntilTaken(write);
  const tookMs = systemClock.monotonicMs() - startedAt;
  for (const name of [leader, ...(way.withEtcdLeader ? [etcdLeader] : [])]) await lab.process(name).ended(10_000);
  lab.startManager(leader);
  if (way.withEtcdLeader) lab.startEtcdMember(etcdLeader, { state: 'existing' });
  await waitForEtcd(lab.programs.etcdctl, lab.plan);
  return tookMs;
}

/** The client itself goes on to other replicas for 15 s; a write that it gives up is begun anew. */
async function writeUntilTaken(write: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await write();
      return;
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}
