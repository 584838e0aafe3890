/** Tombstones: written with what they are about, each under a lease of its own, so that it ends with its tombstone. */
import { encodeRecord, writtenSchema, type GoneRecord, type NodeRecord, type Write } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import type { LeaderWriter, LeasesAtStake } from './leader-writer.ts';

/** Kept for 7 days: as long as a node may be away and still be told why something left. */
const tombstoneSec = 7 * 24 * 3_600;

/** So many lost claims of one registration leave a tombstone: what a node says must not fill the store. */
const mostLost = 8;

/** The parts of a transaction that leaves tombstones. */
export interface WithTombstones {
  then: Write[];
  leases: LeasesAtStake;
}

interface Burial {
  kind: GoneRecord['kind'];
  /**
   * A node's id, a client's public key, or the id of a grant that has ended. Not the subnet's: whoever held it next leaves a tombstone too, and would take away
   * the reason from those who have not read the first one yet (design §4.6).
   */
  id: string;
  why: GoneRecord['why'];
  node: Pick<NodeRecord, 'nodeId' | 'publicKey'> | undefined;
  subnets: readonly { cidr: string; grantId: string }[];
  /** Of a client. */
  addresses?: string[];
  isKeyKnown?: boolean;
}

/** Adds the tombstone, under a lease of its own: of one that it replaces the lease ends. */
export async function bury(
  { deps: { state, store, clock } }: LeaderWriter,
  { then, leases }: WithTombstones,
  { kind, id, why, node, subnets, addresses, isKeyKnown }: Burial,
): Promise<void> {
  const record = {
    schema: writtenSchema,
    kind,
    id,
    why,
    nodeId: node?.nodeId ?? holderOf(state, subnets[0]?.cidr) ?? '',
    publicKey: node?.publicKey ?? '',
    subnets: subnets.map(({ cidr, grantId }) => ({ cidr, grantId })),
    ...(addresses === undefined ? {} : { addresses }),
    ...(isKeyKnown === undefined ? {} : { isKeyKnown }),
    at: new Date(clock.wallMs()).toISOString(),
  };
  const key = state.keys.goneEntry(kind, id);
  const replaced = state.gone.get(key)?.item.lease;
  if (replaced !== undefined) leases.left.push(replaced);
  const lease = await store.grantLease(tombstoneSec);
  leases.granted.push(lease);
  then.push({ kind: 'put', key, value: encodeRecord(record), lease });
}

/** A node that comes back is gone no more; that the grants without which it comes back have ended stays known. */
export async function unbury(
  writer: LeaderWriter,
  parts: WithTombstones,
  { nodeId, publicKey, subnets }: NodeRecord,
): Promise<void> {
  const { state } = writer.deps;
  const tombstone = state.gone.get(state.keys.goneEntry('node', nodeId));
  if (tombstone === undefined) return;
  const { record, item } = tombstone;
  parts.then.push({ kind: 'delete', key: item.key });
  parts.leases.left.push(item.lease);
  for (const grant of record.subnets) {
    const isKept = subnets.some(({ grantId }) => grantId === grant.grantId);
    const isKnown = state.gone.get(state.keys.goneEntry('subnet', grant.grantId)) !== undefined;
    if (isKept || isKnown) continue;
    const node = { nodeId, publicKey };
    await bury(writer, parts, { kind: 'subnet', id: grant.grantId, why: record.why, node, subnets: [grant] });
  }
}

/**
 * Claims of which the store had forgotten even the grant, and that went to others: without a tombstone the nodes would keep their routes. A grant that
 * stands under some subnet's key has not ended, whoever claims it.
 */
export async function buryLost(
  writer: LeaderWriter,
  parts: WithTombstones,
  node: Pick<NodeRecord, 'nodeId' | 'publicKey'>,
  lost: readonly { cidr: string; grantId: string }[],
): Promise<void> {
  // Most lose nothing: the grants of the whole cluster are not looked at for them.
  if (lost.length === 0) return;
  const { subnets } = writer.deps.state;
  const standing = new Set(subnets.all().map(({ record }) => record.grantId));
  const ended = new Map(lost.filter(({ grantId }) => !standing.has(grantId)).map((grant) => [grant.grantId, grant]));
  for (const { cidr, grantId } of [...ended.values()].slice(0, mostLost)) {
    const subnet = { cidr, grantId };
    await bury(writer, parts, { kind: 'subnet', id: grantId, why: 'reclaimed', node, subnets: [subnet] });
  }
}

function holderOf(state: ClusterState, cidr: string | undefined): string | undefined {
  return state.subnets.get(state.subnetKey(cidr ?? '') ?? '')?.record.nodeId;
}
