/** Tells the cluster that grants are not used any more: those of a drained node, of a deleted one, and those that were lost. */
import type { ManagerClient } from '@wgcni/api';
import { type Log, messageOf, toCatalogueError } from '@wgcni/base';
import type { ViewKeeper } from '../view/view-keeper.ts';

export interface GrantReturnDeps {
  nodeId: string;
  instance: string;
  manager: Pick<ManagerClient, 'release'>;
  keeper: ViewKeeper;
  /** Resolves once the kernel holds nothing of what the view lacks. */
  settle: () => Promise<void>;
  log: Log;
}

/** `unsaid`: ask again later; `refused`: the cluster wants to be told first that the node drains no more. */
export type ReturnOutcome = 'nothing' | 'done' | 'unsaid' | 'refused';

/** Says once that the leaving grants are not used any more. ORDER: after the kernel has forgotten them. */
export async function returnGrants(deps: GrantReturnDeps, signal: AbortSignal): Promise<ReturnOutcome> {
  const { keeper, manager, nodeId, instance, log } = deps;
  const { leaving } = keeper.view;
  if (leaving.length === 0) return 'nothing';
  try {
    await deps.settle();
    await manager.release(nodeId, { instance, grantIds: leaving.map(({ grantId }) => grantId) }, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toCatalogueError(thrown);
    log.warn({ why: error.message, code: error.code }, 'grants.release-refused');
    if (error.code === 'node.in-use') return 'refused';
    // Whoever knows nothing of these grants, or has given them to another instance, need not be told again.
    const isNotOurs = error.code === 'registration.gone' || error.code === 'node.registered';
    if (error.retryable && !isNotOurs) return 'unsaid';
  }
  try {
    await keeper.forgetLeaving(leaving);
  } catch (error) {
    // What is not on disk is said again: that is safe.
    log.error({ why: messageOf(error) }, 'grants.release-not-recorded');
    return 'unsaid';
  }
  log.info({ subnets: leaving }, 'grants.released');
  return 'done';
}
