/** Which subnets a node has after it registers: what it holds, what it claims and no one else has, and new ones for what is missing. */
import type { Family } from './address.ts';
import { formatCidr, sameCidr, type Cidr } from './cidr.ts';
import type { Grant, LostGrant, PlannedGrant, Shortage, SubnetHolding } from './grant.ts';
import type { SubnetPool } from './subnet-pool.ts';

export interface GrantRequest {
  nodeId: string;
  /** What the node's own record says; empty when there is none. */
  recorded: readonly Grant[];
  /** What the node says it holds. */
  claimed: readonly Grant[];
  /** A draining node gets nothing new. */
  isDraining: boolean;
}

/** What the store shows. Nothing in here is changed. */
export interface GrantContext {
  /** A subnet with a key in any state is taken in it. */
  pool: SubnetPool;
  /** Every subnet whose key names the node, in any state. */
  heldBy(nodeId: string): readonly SubnetHolding[];
  /** What stands under a subnet's key; undefined when nothing does, or nothing readable. */
  holderOf(subnet: Cidr): SubnetHolding | undefined;
  /** Whether a tombstone names the grant. */
  hasEnded(grantId: string): boolean;
  /** The store has lost history: only what nodes claim is granted (design §4.15). */
  isRecovering: boolean;
  newGrantId(): string;
}

export type GrantPlan =
  /** All that the node has from now on. `shortage` says why a node that already has something lacks a family. */
  | { kind: 'granted'; grants: PlannedGrant[]; lost: LostGrant[]; shortage: Shortage | undefined }
  /** Nothing may change: all families or none. */
  | { kind: 'refused'; shortage: Shortage; lost: LostGrant[] };

/** A node has one subnet of each family, and a few more after the store has lost history; none may claim a pool away (docs/architecture.md, "Limits"). */
export const mostSubnetsOfNode = 16;

type Verdict = PlannedGrant | LostGrant | Shortage;

/**
 * Grants are kept or re-created one by one; subnets are cut for every missing family or for none. A node that has something already is never
 * refused for what it lacks: its containers need its registration. Nor is one that has lost all it claims: it must hear of that. The caller takes the cut subnets in the pool before it gives way
 * to another plan, and releases them when its transaction does not commit.
 */
export function planGrants(request: GrantRequest, context: GrantContext): GrantPlan {
  const own = context.heldBy(request.nodeId).filter(({ state }) => state !== 'released');
  const verdicts = unique([...own, ...request.recorded, ...request.claimed]).map((grant) =>
    judge(grant, request, context),
  );
  const lost = verdicts.filter((verdict) => 'holder' in verdict);
  const shortage = verdicts.find((verdict) => 'kind' in verdict);
  if (shortage !== undefined) return { kind: 'refused', shortage, lost };
  const grants = verdicts.filter((verdict) => 'origin' in verdict);
  // FENCE: what it has already stays its own; only a claim that would be granted anew is beyond the quota.
  if (grants.length > mostSubnetsOfNode && grants.some(({ origin }) => origin === 'recreated'))
    return { kind: 'refused', shortage: { kind: 'quota', wanted: grants.length, most: mostSubnetsOfNode }, lost };
  if (request.isDraining) return { kind: 'granted', grants, lost, shortage: undefined };
  const cut = cutMissing(grants, context);
  if (cut.kind === 'cut') return { kind: 'granted', grants: [...grants, ...cut.grants], lost, shortage: undefined };
  // Who has lost everything must be told so, and evacuate; who has nothing and gets nothing is refused.
  return grants.length === 0 && lost.length === 0
    ? { kind: 'refused', shortage: cut.shortage, lost }
    : { kind: 'granted', grants, lost, shortage: cut.shortage };
}

/** Claims that stand neither under their subnet's key nor in a tombstone: the store has lost history (design §4.15). */
export function forgottenGrants(
  request: Pick<GrantRequest, 'nodeId' | 'claimed'>,
  context: Pick<GrantContext, 'holderOf' | 'hasEnded'>,
): Grant[] {
  return request.claimed.filter(({ cidr, grantId }) => {
    const holding = context.holderOf(cidr);
    const isKnown = holding?.nodeId === request.nodeId && holding.grantId === grantId;
    return !isKnown && !context.hasEnded(grantId);
  });
}

/** What becomes of one subnet that the store gives to the node, or that the node claims. */
function judge({ cidr, grantId }: Grant, { nodeId, recorded }: GrantRequest, context: GrantContext): Verdict {
  const holding = context.holderOf(cidr);
  if (holding !== undefined) {
    // FENCE: whoever the subnet's key names has the newest grant of it; a resting one is given back only to the grant that it was.
    if (holding.state === 'released' && isGivenBack(holding, { cidr, grantId }, { nodeId, context }))
      return { cidr, grantId, origin: 'recreated' };
    if (holding.nodeId !== nodeId || holding.state === 'released') return { cidr, grantId, holder: holding.nodeId };
    return { cidr, grantId: holding.grantId, origin: 'kept' };
  }
  switch (context.pool.standingOf(cidr)) {
    case 'free':
      return { cidr, grantId, origin: 'recreated' };
    case 'taken':
      // The node's record is written with the key: it proves a grant whose key cannot be read.
      return recorded.some((grant) => sameCidr(grant.cidr, cidr))
        ? { cidr, grantId, origin: 'kept' }
        : { kind: 'undecided', grant: { cidr, grantId } };
    case 'reserved':
    case 'foreign':
      return { kind: 'foreign', grant: { cidr, grantId } };
  }
}

/**
 * Whether a resting subnet goes to who claims it: to the very grant that rests; and, when the store has lost history, to a grant of which it knows
 * nothing, not even its end. That one was made after the rest had ended.
 */
function isGivenBack(
  resting: SubnetHolding,
  { grantId }: Grant,
  { nodeId, context }: { nodeId: string; context: GrantContext },
): boolean {
  if (resting.nodeId === nodeId && resting.grantId === grantId) return true;
  return context.isRecovering && !context.hasEnded(grantId);
}

type Cutting = { kind: 'cut'; grants: PlannedGrant[] } | { kind: 'short'; shortage: Shortage };

function cutMissing(grants: readonly Grant[], { pool, isRecovering, newGrantId }: GrantContext): Cutting {
  const families = pool.families.filter((family) => !grants.some(({ cidr }) => cidr.family === family));
  if (isRecovering && families.length > 0) return { kind: 'short', shortage: { kind: 'recovering', families } };
  const cut: PlannedGrant[] = [];
  const exhausted: Family[] = [];
  for (const family of families) {
    const cidr = pool.next(family);
    if (cidr === undefined) exhausted.push(family);
    else cut.push({ cidr, grantId: newGrantId(), origin: 'cut' });
  }
  if (exhausted.length > 0) return { kind: 'short', shortage: { kind: 'exhausted', families: exhausted } };
  return { kind: 'cut', grants: cut };
}

/** One grant of each subnet: what is named first counts. */
function unique(grants: readonly Grant[]): Grant[] {
  const bySubnet = new Map<string, Grant>();
  for (const { cidr, grantId } of grants) {
    const text = formatCidr(cidr);
    if (!bySubnet.has(text)) bySubnet.set(text, { cidr, grantId });
  }
  return [...bySubnet.values()];
}
