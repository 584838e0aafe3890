/** PURE: which of several reports of a node is the newest. */

export interface Placed {
  nodeId: string;
  run: string;
  counter: number;
  ageSec: number;
}

/**
 * One report of each node, in the order of their ids. Of one run the greater counter is the newer; of two runs, whose counters say nothing about each other,
 * the one that was heard later: each age was measured by the one clock of the replica that heard it.
 */
export function newestOfEach<T extends Placed>(reports: readonly T[]): T[] {
  const newest = new Map<string, T>();
  for (const report of reports) {
    const before = newest.get(report.nodeId);
    if (before === undefined || isNewer(report, before)) newest.set(report.nodeId, report);
  }
  return [...newest.values()].sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
}

function isNewer(one: Placed, other: Placed): boolean {
  return one.run === other.run ? one.counter > other.counter : one.ageSec < other.ageSec;
}
