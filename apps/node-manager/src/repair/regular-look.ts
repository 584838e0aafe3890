/** The look by which a node finds what no event tells of: a device that died, a peer that was changed, a repair that had to wait. */
import { type Clock, type Log, messageOf } from '@wgcni/base';
import type { MeshDevice } from '../mesh/mesh-device.ts';
import type { ReconcileLoop } from '../reconcile-loop.ts';
import type { RepairBook } from './repair-book.ts';

export interface RegularLookDeps {
  mesh: Pick<MeshDevice, 'isWell'>;
  repairs: Pick<RepairBook, 'takeDue' | 'tellPeace'>;
  clock: Pick<Clock, 'sleep'>;
  log: Pick<Log, 'warn'>;
}

/** In milliseconds (design §4.14). */
const everyMs = 2_000;

/** Looks until the signal aborts, and wakes who has to mend something. */
export async function lookRegularly(
  { mesh, repairs, clock, log }: RegularLookDeps,
  loops: Record<'mesh' | 'pods', Pick<ReconcileLoop, 'trigger'>>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(everyMs, signal);
    repairs.tellPeace();
    // Both have repairs in the one book.
    if (repairs.takeDue()) [loops.mesh, loops.pods].forEach((loop) => loop.trigger());
    try {
      if (!(await mesh.isWell())) loops.mesh.trigger();
    } catch (error) {
      log.warn({ why: messageOf(error) }, 'mesh.unreadable');
    }
  }
}
