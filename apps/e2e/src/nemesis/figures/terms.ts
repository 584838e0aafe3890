/** Terms of leadership as the replicas logged them, and by how much two of them overlap. Pure. */
import type { LogLine } from './log-lines.ts';

export interface Term {
  replicaId: string;
  fromMs: number;
  toMs: number;
}

/** From each `leader.elected` to the `leader.stepped-down` after it; a term that never ended goes on. */
export function termsOf(replicaId: string, lines: readonly LogLine[]): Term[] {
  const terms: Term[] = [];
  for (const { msg, time } of lines) {
    const last = terms.at(-1);
    if (msg === 'leader.elected') terms.push({ replicaId, fromMs: time, toMs: Infinity });
    if (last === undefined || last.toMs !== Infinity) continue;
    // A process that was killed says nothing; the next one of its name has started then.
    if (msg === 'leader.stepped-down' || msg === 'replica.started') last.toMs = time;
  }
  return terms;
}

/** The longest time for which two replicas were in a term at once. */
export function logOverlapMs(terms: readonly Term[]): number {
  const overlaps = terms.flatMap((one) =>
    terms
      .filter((other) => other.replicaId !== one.replicaId && other.fromMs >= one.fromMs)
      .map((other) => Math.min(one.toMs, other.toMs) - other.fromMs),
  );
  return Math.max(0, ...overlaps);
}
