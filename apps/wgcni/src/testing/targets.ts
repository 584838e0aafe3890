/** Targets of a command that a test runs by itself. */
import { noProgress } from '../progress/progress.ts';
import type { Targets } from '../targets.ts';

/** Nobody is told of progress, and nothing goes on. */
export const quietTargets: Targets = {
  ...{ socket: '', insecure: false, json: false, progress: noProgress },
  stream: { show: () => {}, warn: () => {}, untilStopped: () => AbortSignal.abort() },
};
