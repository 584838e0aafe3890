/** PURE: when somebody keeps changing what the node keeps mending, and how long it is left alone then. */

/** So many repairs of one thing within this time are a contest. */
const contest = { repairs: 3, withinMs: 60_000 };
/** What is contested is mended at most this often. */
const patienceMs = 10_000;

/** The repairs of one thing that still count, in milliseconds of one clock, oldest first. */
export function counting(repairedAtMs: readonly number[], nowMs: number): number[] {
  return repairedAtMs.filter((atMs) => nowMs - atMs < contest.withinMs);
}

export function isContested(repairedAtMs: readonly number[], nowMs: number): boolean {
  return counting(repairedAtMs, nowMs).length >= contest.repairs;
}

/** Whether it is mended now. */
export function isDue(repairedAtMs: readonly number[], nowMs: number): boolean {
  return !isContested(repairedAtMs, nowMs) || nowMs >= dueAtMs(repairedAtMs);
}

/** When what is contested is mended again. */
export function dueAtMs(repairedAtMs: readonly number[]): number {
  return (repairedAtMs.at(-1) ?? -Infinity) + patienceMs;
}
