/** PURE: the grant rules over what the store shows: text in, text out. */
import type { Grant } from '@wgcni/api';
import {
  forgottenGrants,
  formatCidr,
  parseCidr,
  planGrants,
  shortageError,
  type Cidr,
  type GrantPlan,
  type SubnetHolding,
} from '@wgcni/ipam';
import type { SubnetRecord } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';

export interface GrantClaim {
  nodeId: string;
  /** What the node says it holds. */
  held: readonly Grant[];
}

export interface GrantMeans {
  /** Whether the store has lost history: only what nodes claim is granted (design §4.15). */
  isRecovering: boolean;
  newGrantId: () => string;
}

/** All that a node has from now on. */
export interface Granted {
  grants: Grant[];
  /** Claims that the node must evacuate, each with who holds the subnet now. */
  lost: (Grant & { holder: string })[];
  /** Why it lacks a family, where it does. */
  shortage: string | undefined;
}

/** Throws CatalogueError as `shortageError` makes it when a node would come away with nothing, or a claim cannot be judged. */
export function grantsFor(state: ClusterState, { nodeId, held }: GrantClaim, means: GrantMeans): Granted {
  const node = state.nodeOf(nodeId)?.record;
  const request = {
    nodeId,
    recorded: (node?.subnets ?? []).map(ofText),
    claimed: held.map(ofText),
    isDraining: node?.draining ?? false,
  };
  const plan = planGrants(request, {
    ...means,
    pool: state.pool,
    heldBy: (id) => state.subnetsOf(id).map(({ record }) => holdingOf(record)),
    holderOf: (cidr) => holderOf(state, cidr),
    hasEnded: endedOf(state, { nodeId, held }),
  });
  if (plan.kind === 'refused') throw shortageError(plan.shortage);
  return asText(plan);
}

/**
 * Ids of the claims of which the store knows nothing, not even an end: it has lost history. A claim that is of no pool proves nothing.
 */
export function forgottenIds(state: ClusterState, { nodeId, held }: GrantClaim): string[] {
  const claimed = held.map(ofText).filter(({ cidr }) => state.pool.poolOf(cidr) !== undefined);
  const context = {
    holderOf: (cidr: Cidr) => holderOf(state, cidr),
    hasEnded: endedOf(state, { nodeId, held }),
  };
  return forgottenGrants({ nodeId, claimed }, context).map(({ grantId }) => grantId);
}

/** Whether a grant that the node claims is named by a tombstone: by its own, or by the node's. */
function endedOf({ gone, keys }: ClusterState, { nodeId, held }: GrantClaim): (grantId: string) => boolean {
  const names = [keys.goneEntry('node', nodeId), ...held.map(({ grantId }) => keys.goneEntry('subnet', grantId))];
  const tombstones = names.flatMap((key) => gone.get(key)?.record ?? []).filter((record) => record.nodeId === nodeId);
  const ended = new Set(tombstones.flatMap(({ subnets }) => subnets).map(({ grantId }) => grantId));
  return (grantId) => ended.has(grantId);
}

function asText({ grants, lost, shortage }: Extract<GrantPlan, { kind: 'granted' }>): Granted {
  return {
    grants: grants.map(({ cidr, grantId }) => ({ cidr: formatCidr(cidr), grantId })),
    lost: lost.map(({ cidr, grantId, holder }) => ({ cidr: formatCidr(cidr), grantId, holder })),
    shortage: shortage === undefined ? undefined : shortageError(shortage).message,
  };
}

function holderOf(state: ClusterState, cidr: Cidr): SubnetHolding | undefined {
  const kept = state.subnets.get(state.subnetKey(formatCidr(cidr)) ?? '');
  return kept === undefined ? undefined : holdingOf(kept.record);
}

function holdingOf({ cidr, grantId, nodeId, state }: SubnetRecord): SubnetHolding {
  return { cidr: parseCidr(cidr), grantId, nodeId, state };
}

function ofText({ cidr, grantId }: Grant): { cidr: Cidr; grantId: string } {
  return { cidr: parseCidr(cidr, 'held'), grantId };
}
