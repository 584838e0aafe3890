/** A manager whose clock runs fast or slow, or whose wall clock jumps back: by libfaketime, which Node obeys on both of its clocks. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faketimeLibrary, movedClock } from '../../faketime.ts';
import type { Arena, Nemesis, Strike } from './nemesis.ts';

/** By how much clocks run fast in the runs whose every promise is checked. */
export const clockRate = 1.4;
/** Beyond what is promised (design §4.2): only that no subnet has two owners in etcd. */
export const wildClockRate = 2;

export const clockNemeses: readonly Nemesis[] = [
  ...pair(clockRate),
  { name: 'clock jumps back', harm: 'control', lastsMs: [4_000, 8_000], strike: jumpBack },
];

/** Runs of their own: `CLOCKS=wild`. */
export const wildClockNemeses: readonly Nemesis[] = pair(wildClockRate);

function pair(factor: number): Nemesis[] {
  const about = { harm: 'control', lastsMs: [8_000, 15_000] } as const;
  return [
    { ...about, name: `clock ×${factor}`, strike: (arena) => rate(arena, factor) },
    { ...about, name: `clock ÷${factor}`, strike: (arena) => rate(arena, 1 / factor) },
  ];
}

/** The leader goes on under a clock of that rate: monotonic and wall, as if the machine's oscillator were wrong. */
async function rate(arena: Arena, factor: number): Promise<Strike> {
  const id = await lead(arena, { LD_PRELOAD: faketimeLibrary(), FAKETIME: `+0 x${factor.toFixed(3)}` });
  return { what: `${id} at rate ${factor.toFixed(2)}`, heal: () => restart(arena, id) };
}

/** The leader's wall clock jumps a minute back while it leads; the monotonic one does not. */
async function jumpBack(arena: Arena): Promise<Strike> {
  const path = join(arena.lab.plan.dir, 'faketime');
  await writeFile(path, '+0\n');
  const id = await lead(arena, movedClock(path));
  await writeFile(path, '-60\n');
  return { what: `${id}, a minute`, heal: () => restart(arena, id) };
}

/** Starts one manager in that environment and sees that it leads: the others resign until it does. */
async function lead(arena: Arena, env: Record<string, string>): Promise<string> {
  const { lab } = arena;
  const { id } = arena.random.pick(lab.plan.managers);
  await lab.process(id).stop();
  lab.startManager(id, env);
  for (let tries = 0; tries < 6; tries += 1) {
    const leader = await arena.leader();
    if (leader === id) return id;
    await restart(arena, leader);
  }
  // It stands beside the leader then, and that is a fault too.
  return id;
}

async function restart({ lab }: Arena, id: string): Promise<void> {
  await lab.process(id).stop();
  lab.startManager(id);
}
