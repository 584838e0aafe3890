/** PURE: which of the attachments that seem dead may be freed: seen so twice, 30 s apart, and none while more than half seem so. */

/** Two observations this far apart make a death. */
export const patienceMs = 30_000;

export interface Observation {
  /** Monotonic. */
  nowMs: number;
  /** Attachments that seem dead now. */
  dead: readonly string[];
  /** Those of them that another boot of the machine made: no device outlives a boot, so half of them may go. */
  fromOtherBoot: ReadonlySet<string>;
  /** How many attachments this boot has. */
  total: number;
}

export interface Judgement {
  /** Since when each one that seems dead has seemed so. */
  suspects: Map<string, number>;
  free: string[];
  /** Would have been freed, but more than half of all seem dead: something is wrong with the observation. */
  withheld: string[];
}

/** The judgement after one more observation. */
export function judgeDead(
  before: ReadonlyMap<string, number>,
  { nowMs, dead, fromOtherBoot, total }: Observation,
): Judgement {
  const suspects = new Map(dead.map((key) => [key, before.get(key) ?? nowMs]));
  const due = dead.filter((key) => nowMs - (suspects.get(key) ?? nowMs) >= patienceMs);
  const proven = due.filter((key) => fromOtherBoot.has(key));
  const doubtful = due.filter((key) => !fromOtherBoot.has(key));
  // FENCE: all that seem dead now count, due or not: a fault of the observation may begin halfway through one of them.
  const isTooMany = dead.filter((key) => !fromOtherBoot.has(key)).length * 2 > total;
  return { suspects, free: isTooMany ? proven : due, withheld: isTooMany ? doubtful : [] };
}
