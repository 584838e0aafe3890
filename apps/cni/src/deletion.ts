/** DEL: by the node-manager when it is there, else by its queue; a runtime deletes once and never comes back. */
import { type CatalogueError, messageOf, toCatalogueError, type Log } from '@wgcni/base';
import type { QueueEntry } from '@wgcni/cni';
import type { StartedAt } from './boot.ts';
import type { Budget } from './budget.ts';
import type { PluginFaultPoints } from './fault-points.ts';
import type { AttachmentKey, NodeManager } from './node-manager.ts';

export interface DeletionDeps {
  nodeManager: Pick<NodeManager, 'detach'>;
  queue: {
    enqueue(entry: QueueEntry): string;
    withdraw(path: string): void;
  };
  startedAt(): StartedAt;
  budget: Budget;
  log: Log;
  reach: PluginFaultPoints;
}

/** The share of the time that the first try may take; the queue and the second try have the rest. */
const firstShare = 0.6;

/**
 * Deletes the attachment, or queues its deletion. Rejects with what the node-manager refused for good, or with the
 * queue's error when that is full or unwritable.
 */
export async function deleteOrQueue(key: AttachmentKey, netns: string | undefined, deps: DeletionDeps): Promise<void> {
  const { reach } = deps;
  reach('del/before the request');
  const refusal = await tryDetach(deps.nodeManager.detach(key, deps.budget.signal(firstShare), { netns }));
  reach('del/answered by the node-manager');
  if (refusal === undefined) return;
  if (!canQueue(refusal)) throw refusal;
  const began = deps.startedAt();
  reach('del/before the queue');
  // ORDER: the entry is on disk before the second try, so that a node-manager that starts in between sees one or the other.
  const { wall: queuedAt, bootId, uptimeMs } = began;
  const path = deps.queue.enqueue({ ...key, ...(netns === undefined ? {} : { netns }), queuedAt, bootId, uptimeMs });
  reach('del/entry queued');
  const second = await tryDetach(deps.nodeManager.detach(key, deps.budget.signal(), { netns, began }));
  reach('del/tried again');
  if (second === undefined) return withdrawDone(path, deps);
  deps.log.warn({ ...key, path, reason: second.message }, 'deletion.queued');
}

/** Whatever a repeat can cure waits in the queue; what is refused for good would be refused again there. */
function canQueue(refusal: CatalogueError): boolean {
  return refusal.retryable;
}

async function tryDetach(attempt: Promise<void>): Promise<CatalogueError | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    return toCatalogueError(error);
  }
}

/** The deletion is done; an entry that stays is dropped at the next replay, so its removal may fail. */
function withdrawDone(path: string, { queue, log, reach }: DeletionDeps): void {
  try {
    queue.withdraw(path);
    reach('del/withdrawn');
  } catch (error) {
    log.warn({ path, reason: messageOf(error) }, 'deletion.not-withdrawn');
  }
}
