/** Waits until a drained node holds no subnet any more, and says meanwhile what it waits for. */
import type { ManagerClient, Node } from '@wgcni/api';
import { CatalogueError, type Clock } from '@wgcni/base';
import type { Progress } from '../progress/progress.ts';

/** Between two looks. */
const againMs = 1_000;

export interface Waiter {
  manager: Pick<ManagerClient, 'node' | 'report'>;
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  progress: Pick<Progress, 'step'>;
}

/** Resolves with the node once its subnets are released. Throws CatalogueError `timed.out` when they are not within `mostMs`. */
export async function waitReleased(
  { manager, clock, progress }: Waiter,
  nodeId: string,
  mostMs: number,
): Promise<Node> {
  const until = clock.monotonicMs() + mostMs;
  for (;;) {
    const node = await manager.node(nodeId);
    if (node.subnets.length === 0) return node;
    const waitsFor = heldBy(node, await attachmentsOf(manager, nodeId));
    if (clock.monotonicMs() >= until)
      throw new CatalogueError('timed.out', `${nodeId} still holds its subnets: ${waitsFor}`, {
        remedy: 'stop what runs there, or wait longer; it stays drained, and releases them by itself',
      });
    progress.step(`${nodeId}: ${waitsFor}`);
    await clock.sleep(againMs);
  }
}

/** PURE: why a drained node still holds its subnets. */
export function heldBy({ state }: Pick<Node, 'state'>, attachments: number | undefined): string {
  if (state === 'silent') return 'it is silent, and releases nothing before it is back';
  if (attachments === undefined) return 'it has not told how many attachments it has';
  if (attachments === 0) return 'no attachment is left, its subnets are being released';
  return attachments === 1 ? '1 attachment is left' : `${attachments} attachments are left`;
}

/** Undefined where no replica has heard from it. */
async function attachmentsOf(manager: Waiter['manager'], nodeId: string): Promise<number | undefined> {
  try {
    return (await manager.report(nodeId)).attachmentsTotal;
  } catch (error) {
    if (error instanceof CatalogueError && error.code === 'report.absent') return undefined;
    throw error;
  }
}
