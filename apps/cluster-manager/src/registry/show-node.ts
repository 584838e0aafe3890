/** PURE: nodes, subnets and peers as the REST surface shows them. */
import type { Node, PeerView, Subnet } from '@wgcni/api';
import type { NodeRecord, SubnetRecord } from '@wgcni/store';
import { formatCidr, parseCidr } from '@wgcni/ipam';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';
import { routesInEffect } from './routes-in-effect.ts';

/** A node that is in the mesh. */
export function showNode(state: ClusterState, record: NodeRecord): Node {
  const { nodeId, publicKey, endpoints, subnets, draining, offers = [], routes = [] } = record;
  const registration = state.registrationOf(nodeId)?.record;
  const silence = Math.max(0, ...state.subnetsOf(nodeId).map((kept) => kept.record.silentMs));
  return {
    nodeId,
    state: registration === undefined ? 'silent' : draining ? 'draining' : 'live',
    publicKey,
    endpoints,
    subnets,
    offers,
    routes,
    silentSec: registration === undefined ? Math.floor(silence / 1_000) : 0,
    instance: registration?.instance ?? null,
    version: registration?.version ?? null,
    revision: state.nodeOf(nodeId)?.item.modRevision ?? 0,
  };
}

/** Nodes of the mesh, and those deleted whose subnets are still reserved, in order of their ids. */
export function showNodes(state: ClusterState): Node[] {
  const present = state.nodes.all().map(({ record }) => showNode(state, record));
  const deleted = state.gone.all().flatMap(({ record, item }) => {
    if (record.kind !== 'node' || state.nodeOf(record.nodeId) !== undefined) return [];
    const reserved = state.subnetsOf(record.nodeId).filter(({ record: subnet }) => subnet.state === 'reserved');
    return reserved.length === 0 ? [] : [showDeleted(record, reserved, item.modRevision)];
  });
  return [...present, ...deleted].sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
}

export function showSubnet(state: ClusterState, { record, item }: Kept<SubnetRecord>): Subnet {
  const pool = state.pool.poolOf(parseCidr(record.cidr));
  const { cidr, nodeId, grantId, state: held, silentMs } = record;
  return {
    cidr,
    pool: pool === undefined ? cidr : formatCidr(pool.cidr),
    nodeId,
    grantId,
    state: held,
    silentSec: Math.floor(silentMs / 1_000),
    revision: item.modRevision,
  };
}

/** Every other node of the mesh, as a peer of this one. */
export function showPeers(state: ClusterState, nodeId: string): PeerView[] {
  const { keepaliveSec } = state.theNetwork().record;
  return state.nodes
    .all()
    .filter(({ record }) => record.nodeId !== nodeId)
    .map(({ record }) => ({
      nodeId: record.nodeId,
      publicKey: record.publicKey,
      endpoints: record.endpoints,
      allowedIps: [...record.subnets.map(({ cidr }) => cidr), ...routesInEffect(record)],
      keepaliveSec,
    }));
}

function showDeleted(
  record: { nodeId: string; publicKey: string },
  reserved: readonly Kept<SubnetRecord>[],
  revision: number,
): Node {
  return {
    nodeId: record.nodeId,
    state: 'deleted',
    publicKey: record.publicKey,
    endpoints: [],
    subnets: reserved.map(({ record: { cidr, grantId } }) => ({ cidr, grantId })),
    offers: [],
    routes: [],
    silentSec: Math.floor(Math.max(0, ...reserved.map(({ record: { silentMs } }) => silentMs)) / 1_000),
    instance: null,
    version: null,
    revision,
  };
}
