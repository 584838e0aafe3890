/** The suites that can catch a planted bug, and how a selection of each is run. */

export interface Suite {
  /** Project of vitest.config.ts. */
  project: string;
  /** Program that the run is started with: a network namespace of its own, where it needs one. */
  before: readonly string[];
  /** Whether it starts our programs, which are bundled anew then. */
  needsBundles: boolean;
  /** Whether it is part of `make test`: no root, no containers, a few seconds a run. */
  isQuick: boolean;
  /** A run that takes longer is ended, and has caught nothing. */
  limitMs: number;
}

const ownNamespace = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

export const suites = {
  unit: { project: 'unit', before: [], needsBundles: false, isQuick: true, limitMs: 180_000 },
  int: { project: 'int', before: [], needsBundles: true, isQuick: false, limitMs: 300_000 },
  root: { project: 'root', before: ownNamespace, needsBundles: true, isQuick: false, limitMs: 300_000 },
  e2e: { project: 'e2e', before: ownNamespace, needsBundles: true, isQuick: false, limitMs: 600_000 },
} as const satisfies Record<string, Suite>;

export type SuiteName = keyof typeof suites;
