/** At no instant do two replicas believe that they lead: spans of belief, each certain, may not overlap. */
import { ofKind, type HistoryEvent } from '../history/event.ts';

/** The longest time for which two replicas certainly believed at once, in milliseconds, with the words of each overlap. */
export function leadershipOverlap(history: readonly HistoryEvent[]): { longestMs: number; violations: string[] } {
  const beliefs = ofKind(history, 'belief').sort((one, other) => one.fromMs - other.fromMs);
  let longestMs = 0;
  const violations = beliefs.flatMap((one, index) =>
    beliefs.slice(index + 1).flatMap((other) => {
      const overlapMs = Math.min(one.toMs, other.toMs) - other.fromMs;
      if (one.replicaId === other.replicaId || overlapMs <= 0) return [];
      longestMs = Math.max(longestMs, overlapMs);
      const who = `${one.replicaId} (term ${one.term}) and ${other.replicaId} (term ${other.term})`;
      return [
        `${who} both believed that they led, for ${Math.round(overlapMs)} ms from ${Math.round(other.fromMs)} ms on`,
      ];
    }),
  );
  return { longestMs, violations };
}
