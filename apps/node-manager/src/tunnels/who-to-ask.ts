/** PURE: who is asked in a turn, when there may be more to ask than a turn has time for. */

export interface Quiet {
  nodeId: string;
  isBroken: boolean;
}

/** Who was asked last, of the broken and of the others: each go round by themselves. */
export interface AskedLast {
  broken: string;
  others: string;
}

interface Asking {
  asked: string[];
  last: AskedLast;
  /** So many turns like this one until each was asked. */
  turns: number;
}

/** Of those that were quiet the broken come first, but however many they are, half of the questions are for the others. */
export function whoToAsk(quiet: readonly Quiet[], last: AskedLast, most: number): Asking {
  const sorted = [...quiet].sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
  const idsOf = (isBroken: boolean): string[] =>
    sorted.filter((one) => one.isBroken === isBroken).map(({ nodeId }) => nodeId);
  const [broken, others] = [idsOf(true), idsOf(false)];
  const askedOthers = after(others, last.others).slice(0, Math.max(most - broken.length, Math.floor(most / 2)));
  const askedBroken = after(broken, last.broken).slice(0, most - askedOthers.length);
  return {
    asked: [...askedBroken, ...askedOthers],
    last: { broken: askedBroken.at(-1) ?? last.broken, others: askedOthers.at(-1) ?? last.others },
    turns: Math.max(turnsOf(broken, askedBroken), turnsOf(others, askedOthers)),
  };
}

/** In turn, beginning after `last`. */
function after(sorted: readonly string[], last: string): string[] {
  return [...sorted.filter((nodeId) => nodeId > last), ...sorted.filter((nodeId) => nodeId <= last)];
}

function turnsOf({ length }: readonly string[], asked: readonly string[]): number {
  return length === 0 ? 0 : Math.ceil(length / asked.length);
}
