/** After every fault, desired is observed on every node in time. */
import { ofKind, type HistoryEvent } from '../history/event.ts';

/** The promise (design §4.14). */
const convergenceBoundMs = 10_000;

/** Every fault after which it took longer, or never came, in words. */
export function convergenceViolations(history: readonly HistoryEvent[]): string[] {
  return ofKind(history, 'fault').flatMap(({ number, nemesis, what, convergedMs, differences }) => {
    const about = `fault ${number} (${nemesis}: ${what})`;
    if (convergedMs === null) return [`${about}: still different: ${differences.join('; ')}`];
    return convergedMs > convergenceBoundMs
      ? [`${about}: agreed only after ${Math.round(convergedMs)} ms: ${differences.join('; ')}`]
      : [];
  });
}
