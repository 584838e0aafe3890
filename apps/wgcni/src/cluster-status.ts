/** The cluster at a glance, from what any cluster-manager answers. */
import type { Leader, ManagerClient, Network, Node, PoolUse, Replica, Subnet } from '@wgcni/api';
import { messageOf } from '@wgcni/base';
import { type CertificateLife, isExpiring } from '@wgcni/pki';
import { type CertificateEnd, certificateLine } from './certificate-line.ts';
import { duration, table } from './table.ts';

/** Its certificate as it shows it to us; why that was not seen; null where there are none. */
export type ShownReplica = Replica & { certificate: CertificateEnd | { unseen: string } | null };

export interface ClusterStatus {
  network: Network;
  leader: Leader;
  managers: ShownReplica[];
  /** Those that the operator names and no replica speaks for, which do not answer: a replica that is gone is in no list. */
  unanswered: { url: string; why: string }[];
  nodes: Node[];
  subnets: Subnet[];
  pools: PoolUse[];
}

/** How the certificate that somebody shows at a URL is looked at; rejects with why it cannot be seen. */
export type Look = (url: string) => Promise<Omit<CertificateLife, 'use'>>;

/** Reads everything that `status` shows; certificates, and the managers that are `named`, where there is a look at them. Throws CatalogueError when none answers. */
export async function readClusterStatus(
  client: ManagerClient,
  look?: Look,
  named: readonly string[] = [],
): Promise<ClusterStatus> {
  const [network, leader, managers, nodes, subnets, pools] = await Promise.all([
    client.network(),
    client.leader(),
    client.replicas(),
    client.nodes(),
    client.subnets(),
    client.pools(),
  ]);
  const shown = managers.items.map(async (each) => ({ ...each, certificate: await certificateOf(each, look) }));
  const others = unlisted(named, managers.items);
  return {
    unanswered: look === undefined ? [] : await whoDoNotAnswer(others, look),
    ...{ network, leader, nodes: nodes.items, subnets: subnets.items, pools: pools.items },
    managers: await Promise.all(shown),
  };
}

/** Those of the URLs under which no replica is registered. */
function unlisted(urls: readonly string[], replicas: readonly Replica[]): string[] {
  const known = new Set(replicas.map(({ url }) => originOf(url)));
  return urls.filter((url) => !known.has(originOf(url)));
}

/** What a replica has registered under is its own word: one that is no URL is nobody's origin, and no failure. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

async function whoDoNotAnswer(urls: readonly string[], look: Look): Promise<ClusterStatus['unanswered']> {
  const asked = urls.map((url) =>
    look(url).then(
      () => [],
      (error: unknown) => [{ url, why: messageOf(error) }],
    ),
  );
  return (await Promise.all(asked)).flat();
}

async function certificateOf({ url }: Replica, look: Look | undefined): Promise<ShownReplica['certificate']> {
  if (look === undefined) return null;
  return look(url).then(
    (life) => {
      const nowMs = Date.now();
      const endsInSec = Math.floor((life.validToMs - nowMs) / 1_000);
      return { validTo: new Date(life.validToMs).toISOString(), endsInSec, isExpiring: isExpiring(life, nowMs) };
    },
    (error: unknown) => ({ unseen: messageOf(error) }),
  );
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
    ...managers.flatMap(certificateLines),
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

/** A manager that goes on without a word until nobody takes its certificate any more is worth a line of its own. */
function certificateLines({ replicaId, url, certificate }: ShownReplica): string[] {
  if (certificate === null) return [];
  if ('unseen' in certificate)
    return [`WARNING: the certificate of ${replicaId} was not seen at ${url}: ${certificate.unseen}`];
  return [certificateLine(`of ${replicaId}`, certificate)];
}

function restingLine(subnets: readonly Subnet[]): string[] {
  const resting = subnets.filter(({ state }) => state !== 'held');
  return resting.length === 0
    ? []
    : ['', `not held: ${resting.map(({ cidr, state }) => `${cidr} (${state})`).join(', ')}`];
}
