/** Which fault comes when: the same seed gives the same plan. Pure. */
import { SeededRandom } from '../crash/random.ts';
import type { Nemesis } from './nemeses/nemesis.ts';

export interface PlannedFault {
  number: number;
  nemesis: Nemesis;
  /** Time of undisturbed work before the strike. */
  calmMs: number;
  lastsMs: number;
  /** Seed of the choices that the nemesis makes itself. */
  seed: number;
}

/** An endless plan: every nemesis once in random order, then every one again. */
export function* planFaults(nemeses: readonly Nemesis[], seed: number): Generator<PlannedFault> {
  const random = new SeededRandom(seed);
  for (let number = 1; ;) {
    const left = [...nemeses];
    while (left.length > 0) {
      const [nemesis] = left.splice(random.between(0, left.length - 1), 1);
      if (nemesis === undefined) return;
      const [shortest, longest] = nemesis.lastsMs;
      const [calmMs, lastsMs] = [random.between(3_000, 4_000), random.between(shortest, longest)];
      yield { number, nemesis, calmMs, lastsMs, seed: random.between(1, 2 ** 31) };
      number += 1;
    }
  }
}
