/** A node that has a certificate and is told another token: it runs on what it has, and goes over once it has joined anew. */
import { toCatalogueError } from '@wgcni/base';
import type { KeptCredentials } from '@wgcni/pki';
import { joinCluster, type JoinDeps } from './join.ts';

/** Resolves when it has gone over, or was refused, or the signal aborts. What is refused is logged, and the node stays as it is. */
export async function joinAnew(
  deps: JoinDeps,
  credentials: Pick<KeptCredentials, 'moveTo'>,
  signal: AbortSignal,
): Promise<void> {
  const { own, token, log } = deps;
  try {
    await credentials.moveTo(await joinCluster(deps, signal));
  } catch (thrown) {
    if (signal.aborted) return;
    const { code, message, remedy = null } = toCatalogueError(thrown);
    log.error({ nodeId: own.nodeId, tokenId: token.id, code, why: message, remedy }, 'join.refused');
  }
}
