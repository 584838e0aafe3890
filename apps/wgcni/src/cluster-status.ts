/** The cluster at a glance, from what any cluster-manager answers. */
import type { Leader, ManagerClient, Network, Node, PoolUse, Replica, Subnet } from '@wgcni/api';
import { duration, table } from './table.ts';

export interface ClusterStatus {
  network: Network;
  leader: Leader;
  managers: Replica[];
  nodes: Node[];
  subnets: Subnet[];
  pools: PoolUse[];
}

/** Reads everything that `status` shows. Throws CatalogueError when no manager answers. */
export async function readClusterStatus(client: ManagerClient): Promise<ClusterStatus> {
  const [network, leader, managers, nodes, subnets, pools] = await Promise.all([
    client.network(),
    client.leader(),
    client.replicas(),
    client.nodes(),
    client.subnets(),
    client.pools(),
  ]);
  return { network, leader, managers: managers.items, nodes: nodes.items, subnets: subnets.items, pools: pools.items };
}

/** The same as text. */
export function showClusterStatus({ network, leader, managers, nodes, subnets, pools }: ClusterStatus): string {
  const recovering = leader.recovering ? '  RECOVERING: grants only what nodes claim' : '';
  return [
    `network ${network.networkId}  MTU ${network.mtu}  hold-down ${duration(network.holdDownSec)}`,
    `leader  ${leader.leader === null ? 'NONE: writes are refused until one is elected' : leader.leader.replicaId}${recovering}`,
    '',
    table(
      ['manager', 'url', 'version', 'role'],
      managers.map(({ replicaId, url, version, isLeader }) => [
        replicaId,
        url,
        version,
        isLeader ? 'leader' : 'follower',
      ]),
    ),
    '',
    nodeTable(nodes),
    '',
    table(
      ['pool', 'subnets of', 'taken', 'of'],
      pools.map(({ cidr, prefixLength, taken, subnets: total }) => [cidr, `/${prefixLength}`, String(taken), total]),
    ),
    ...restingLine(subnets),
  ].join('\n');
}

/** Nodes with liveness, subnets and endpoints; a node's peers are all the others. */
export function nodeTable(nodes: readonly Node[]): string {
  const present = nodes.filter(({ state }) => state !== 'deleted').length;
  return table(
    ['node', 'state', 'silent', 'subnets', 'endpoints', 'peers'],
    nodes.map(({ nodeId, state, silentSec, subnets, endpoints }) => [
      nodeId,
      state,
      state === 'silent' ? duration(silentSec) : '–',
      subnets.map(({ cidr }) => cidr).join(' '),
      endpoints.join(' '),
      state === 'deleted' ? '–' : String(present - 1),
    ]),
  );
}

function restingLine(subnets: readonly Subnet[]): string[] {
  const resting = subnets.filter(({ state }) => state !== 'held');
  return resting.length === 0
    ? []
    : ['', `not held: ${resting.map(({ cidr, state }) => `${cidr} (${state})`).join(', ')}`];
}
