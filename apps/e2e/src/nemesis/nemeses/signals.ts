/** Death, freezing and orderly replacement of the processes of the lab: managers, node-managers, etcd members. */
import type { LabProcess } from '@wgcni/testing';
import { someFollower, someNode, type Arena, type Nemesis, type Strike } from './nemesis.ts';

interface Victim {
  what: string;
  /** Name of the lab's process. */
  name: string;
  /** Starts it again as it was. */
  start: () => LabProcess;
}

type Choose = (arena: Arena) => Promise<Victim>;

const manager =
  (choose: (arena: Arena) => Promise<string>, what: string): Choose =>
  async (arena) => {
    const name = await choose(arena);
    return { what: `${what} ${name}`, name, start: () => arena.lab.startManager(name) };
  };

const node: Choose = async (arena) => {
  const plan = someNode(arena);
  return { what: `node-manager ${plan.id}`, name: plan.id, start: () => arena.lab.startNode(plan) };
};

const member =
  (choose: (arena: Arena) => Promise<string>, what: string): Choose =>
  async (arena) => {
    const name = await choose(arena);
    return { what: `${what} ${name}`, name, start: () => arena.lab.startEtcdMember(name, { state: 'existing' }) };
  };

const victims: Record<string, Choose> = {
  manager: manager(someFollower, 'manager'),
  leader: manager((arena) => arena.leader(), 'leading manager'),
  'node-manager': node,
  etcd: member(async ({ lab, random }) => random.pick(lab.plan.etcd).name, 'member'),
  'etcd-leader': member((arena) => arena.etcdLeader(), "etcd's leader"),
};

/** For each kind of victim: SIGKILL and a start, SIGSTOP and SIGCONT, SIGTERM and a start. */
export const signalNemeses: readonly Nemesis[] = Object.entries(victims).flatMap(([kind, choose]) => [
  { name: `kill ${kind}`, harm: 'control', lastsMs: [500, 8_000], strike: (arena) => end(arena, choose, 'SIGKILL') },
  { name: `pause ${kind}`, harm: 'control', lastsMs: [2_500, 15_000], strike: (arena) => freeze(arena, choose) },
  { name: `roll ${kind}`, harm: 'control', lastsMs: [0, 2_000], strike: (arena) => end(arena, choose, 'SIGTERM') },
]);

async function end(arena: Arena, choose: Choose, signal: 'SIGKILL' | 'SIGTERM'): Promise<Strike> {
  const victim = await choose(arena);
  const { lab } = arena;
  lab.process(victim.name).kill(signal);
  return {
    what: victim.what,
    heal: async () => {
      if (!(await lab.process(victim.name).ended(10_000))) throw new Error(`${victim.what} did not end by ${signal}`);
      victim.start();
    },
  };
}

async function freeze(arena: Arena, choose: Choose): Promise<Strike> {
  const victim = await choose(arena);
  const process = arena.lab.process(victim.name);
  process.kill('SIGSTOP');
  return { what: victim.what, heal: async () => process.kill('SIGCONT') };
}
