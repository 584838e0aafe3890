/** The steps of a request: none starts after its deadline, or when the caller has closed the connection. */
import { CatalogueError, type Clock } from '@wgcni/base';
import type { RequestLimits } from './deps.ts';
import type { AddStep, AttachmentFaultPoints } from './fault-points.ts';

export type RunStep = <T>(name: AddStep, task: () => Promise<T>) => Promise<T>;

/** A runner that refuses to start a step out of time. Throws CatalogueError `timed.out` naming the step. */
export function stepsWithin(
  limits: RequestLimits,
  { clock, reach }: { clock: Clock; reach: AttachmentFaultPoints },
): RunStep {
  return async (name, task) => {
    if (limits.signal.aborted) {
      throw new CatalogueError('timed.out', `the caller closed the connection before the step "${name}"`, {
        remedy: 'ask again: what was begun has been rolled back',
      });
    }
    if (clock.monotonicMs() >= limits.deadlineAt) {
      throw new CatalogueError('timed.out', `the request's deadline passed before the step "${name}"`, {
        field: 'deadlineMs',
        remedy: 'ask again: what was begun has been rolled back; a loaded node needs a longer deadline',
      });
    }
    const result = await task();
    reach(`add/${name}`);
    return result;
  };
}
