/** What a nemesis is: it strikes a running lab and hands back how to heal it. */
import type { Lab, NodePlan } from '@wgcni/testing';
import type { SeededRandom } from '../../crash/random.ts';
import type { EtcdRecorder } from '../history/etcd-recorder.ts';
import type { Harm } from '../history/event.ts';

/** What a nemesis has to do with. */
export interface Arena {
  lab: Lab;
  random: SeededRandom;
  etcd: EtcdRecorder;
  /** Id of the manager that holds the leader key now. */
  leader(): Promise<string>;
  /** Name of the member that leads etcd now. */
  etcdLeader(): Promise<string>;
}

export interface Strike {
  /** What was hit, in words. */
  what: string;
  /** Ends the fault; repeatable. */
  heal(): Promise<void>;
}

export interface Nemesis {
  name: string;
  harm: Harm;
  /** The longest gap in a ping that it may cause, where one is promised. */
  gapBoundMs?: number;
  /** Shortest and longest time between strike and healing. */
  lastsMs: readonly [number, number];
  strike(arena: Arena): Promise<Strike>;
}

/** The same nemeses with faults of at most so long, where their shortest allows it. */
export function shortened(nemeses: readonly Nemesis[], longestMs: number): Nemesis[] {
  return nemeses.map((nemesis) => {
    const [shortest, longest] = nemesis.lastsMs;
    return { ...nemesis, lastsMs: [shortest, Math.max(shortest, Math.min(longest, longestMs))] };
  });
}

/** The id of some manager that does not lead. */
export async function someFollower(arena: Arena): Promise<string> {
  const leader = await arena.leader();
  return arena.random.pick(arena.lab.plan.managers.map(({ id }) => id).filter((id) => id !== leader));
}

/** Some node. */
export function someNode({ lab, random }: Arena): NodePlan {
  return random.pick(lab.plan.nodes);
}
