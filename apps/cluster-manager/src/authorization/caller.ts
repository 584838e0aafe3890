/** PURE: on whose behalf a request is made: of who is at the other end, or of whom a manager that forwards saw there. */
import { type Identity, parseIdentity } from '@wgcni/pki';

/** What the headers of a request say of its way here. */
export interface Way {
  /** Replica that passed it on. */
  forwardedBy: string | undefined;
  /** Whom that replica saw, as it was written. */
  caller: string | undefined;
}

/** The caller, or why the request is refused. */
export type Caller = { identity: Identity } | { identity: undefined; why: string };

/**
 * FENCE: only a manager's certificate can say for whom it speaks, under its own replica's name, once, and of its own cluster. The headers of anybody
 * else are forged, whatever they say.
 */
export function callerOf(peer: Identity, { forwardedBy, caller }: Way): Caller {
  if (forwardedBy === undefined && caller === undefined) return { identity: peer };
  if (peer.kind !== 'manager') return refused('only a manager forwards');
  if (forwardedBy !== peer.replicaId) return refused(`forwarded by ${peer.replicaId} under another name`);
  const identity = parseIdentity(caller ?? '');
  if (identity === undefined) return refused('it names no caller');
  if (identity.kind === 'manager') return refused('it was forwarded before');
  return identity.cluster === peer.cluster ? { identity } : refused(`its caller is of the cluster ${identity.cluster}`);
}

function refused(why: string): Caller {
  return { identity: undefined, why };
}
