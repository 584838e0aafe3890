/** One node at a glance, from what its node-manager answers. */
import type { Attachment, NodeStatus } from '@wgcni/api';
import { certificateLine } from './certificate-line.ts';
import { bytes, duration, table } from './table.ts';

/** Readiness, subnets, peers with their handshakes, attachments and what differs from the desired state. */
export function showNodeStatus(status: NodeStatus, attachments: readonly Attachment[]): string {
  const { nodeId, readiness, reason, backend, version, meshRevision, contactAgeSec, isViewStored } = status;
  return [
    `node ${nodeId}  ${readiness}${reason === null ? '' : `: ${reason}`}`,
    `${backend} WireGuard  version ${version}  mesh revision ${meshRevision}${isViewStored ? ' (stored view)' : ''}  last contact ${duration(contactAgeSec)}`,
    '',
    table(
      ['subnet', 'taken', 'free'],
      status.addresses.map(({ subnet, taken, free }) => [subnet, String(taken), free]),
    ),
    '',
    table(
      ['peer', 'state', 'endpoint', 'handshake', 'received', 'sent', 'allowed IPs'],
      status.peers.map((peer) => [
        peer.nodeId ?? peer.publicKey,
        peer.unaccounted.length === 0 ? peer.state : `${peer.state}, unaccounted: ${peer.unaccounted.join(' ')}`,
        peer.endpoint ?? '–',
        duration(peer.handshakeAgeSec),
        bytes(peer.receivedBytes),
        bytes(peer.sentBytes),
        peer.allowedIps.join(' '),
      ]),
    ),
    '',
    ...clientLines(status.clients),
    ...policyLines(status.policy),
    attachmentTable(attachments),
    ...directLine(status.direct),
    ...farLine(status.direct),
    '',
    status.drift.length === 0 ? 'drift: none' : `drift:\n${status.drift.map((line) => `  ${line}`).join('\n')}`,
    ...status.quarantined.map((key) => `QUARANTINED: ${key} cannot be read; its last good state stays`),
    ...mtuLines(status),
    ...status.certificates.map((each) => certificateLine(each.use, each)),
    ...(status.queuedDeletions === 0 ? [] : [`${status.queuedDeletions} deletions are queued`]),
  ].join('\n');
}

/** Nothing where there are none. */
function clientLines(clients: NodeStatus['clients']): string[] {
  if (clients.length === 0) return [];
  const rows = clients.map((client) => [
    client.name,
    client.via === null ? client.state : `at ${client.via}`,
    client.endpoint ?? '–',
    duration(client.handshakeAgeSec),
    bytes(client.receivedBytes),
    bytes(client.sentBytes),
    client.addresses.join(' '),
  ]);
  return [table(['client', 'state', 'endpoint', 'handshake', 'received', 'sent', 'addresses'], rows), ''];
}

/** Nothing where all is open, no rule is set and nothing was denied. */
function policyLines(policy: NodeStatus['policy']): string[] {
  if (policy === null) return [];
  const { isolation, rules, denied } = policy;
  if (isolation === 'open' && rules.length + denied.length === 0) return [];
  const rows = [
    ...rules.map((rule) => [`rule ${rule.name}`, 'let pass', String(rule.packets), bytes(rule.bytes)]),
    ...denied.map((one) => [one.what, 'DENIED', String(one.packets), bytes(one.bytes)]),
  ];
  return [`isolation: ${isolation}`, ...(rows.length === 0 ? [] : [table(['what', '', 'packets', 'bytes'], rows)]), ''];
}

/** Only what somebody has to look at. */
function mtuLines({ mtu, paths, pathsProblem }: NodeStatus): string[] {
  const small = paths.filter(({ carries, needs }) => carries !== null && carries < needs);
  return [
    ...(mtu.problem === null ? [] : [`WARNING: ${mtu.problem}`]),
    ...mtu.waiting.map(
      ({ network, containerId, ifName, mtu: has, why }) =>
        `WARNING: ${network}/${containerId}/${ifName} still has the MTU ${has}, not ${mtu.network}: ${why}`,
    ),
    ...small.map(
      ({ nodeId, endpoint, carries, needs }) =>
        `WARNING: the path to ${nodeId} (${endpoint}) carries ${carries} bytes, the mesh needs ${needs}`,
    ),
    ...(pathsProblem === null ? [] : [`paths are not tried: ${pathsProblem}`]),
  ];
}

/** Nothing while no container is a direct peer of another node's or is to be. */
function farLine({ farPairs, farDue, published, unpublished }: NodeStatus['direct']): string[] {
  if (farPairs + farDue + published + unpublished === 0) return [];
  const left = unpublished === 0 ? '' : `, ${unpublished} not: a node has room for 64, all nodes for 256`;
  return [
    `direct peers on other nodes: ${farPairs} of ${farPairs + farDue} pairs of containers skip both nodes; ${published} published${left}`,
  ];
}

/** Nothing while no two containers are direct peers or are to be. */
function directLine({ pairs, due }: NodeStatus['direct']): string[] {
  return pairs + due === 0 ? [] : [`direct peers: ${pairs} of ${pairs + due} pairs of containers skip the node`];
}

/** Attachments with their addresses and state. */
export function attachmentTable(attachments: readonly Attachment[]): string {
  return table(
    ['network', 'container', 'interface', 'state', 'addresses'],
    attachments.map(({ network, containerId, ifName, state, addresses }) => [
      network,
      containerId,
      ifName,
      state,
      addresses.map(({ address }) => address).join(' '),
    ]),
  );
}
