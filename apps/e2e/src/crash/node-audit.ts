/** Compares what a node holds with the containers that are alive: what has no counterpart is a leak or a loss. */
import { readdir } from 'node:fs/promises';
import { wireguardDevices, wireguardPeers, type Lab, type NodePlan } from '@wgcni/testing';
import { difference, hostState } from '../conformance/host-state.ts';
import { routesThrough, seenInterface } from '../conformance/inside-container.ts';

/** A container's namespace, whether or not anything is attached there. */
export interface AuditedContainer {
  id: string;
  netnsPath: string;
}

/** What a container has on its `eth0`. */
interface LiveInterface {
  addresses: string[];
  isUp: boolean;
  /** Destinations that lead through it. */
  routes: string[];
}

/** Everything the audit looks at, so that the judgement is pure. */
export interface NodeHoldings {
  attachments: { containerId: string; state: string; addresses: string[] }[];
  records: number;
  /** Addresses taken of each subnet, as the allocator says. */
  taken: number[];
  /** `/32` and `/128` allowed on the node's side, each once for each peer that has it. */
  peerAddresses: string[];
  /** Userspace devices without the node's own two. */
  containerDevices: number;
  waitingDeletions: number;
  /** Of each container that has an `eth0`. */
  alive: Map<string, LiveInterface>;
  /** Links, addresses, routes and firewall rules of the node itself. */
  host: string[];
}

/** Reads the holdings of a node whose node-manager serves. */
export async function readHoldings(
  lab: Lab,
  node: NodePlan,
  containers: readonly AuditedContainer[],
): Promise<NodeHoldings> {
  const client = lab.nodeClient(node);
  const devices = await wireguardDevices(node.netnsPath);
  const [{ items }, status, records, waiting, peers, links, host] = await Promise.all([
    client.attachments({ limit: 1_000 }),
    client.status(),
    readdir(`${node.dataDir}/attachments`),
    readdir(node.queueDir).catch(() => []),
    wireguardPeers(devices),
    Promise.all(containers.map(async ({ id, netnsPath }) => [id, await liveInterface(netnsPath)] as const)),
    hostState(node.netnsPath),
  ]);
  await client.close();
  return {
    attachments: items.map(({ containerId, state, addresses }) => ({
      ...{ containerId, state, addresses: addresses.map(({ address }) => address).sort() },
    })),
    records: records.filter((name) => name.endsWith('.json')).length,
    taken: status.addresses.map(({ taken }) => taken),
    peerAddresses: peers.flatMap(({ allowedIps }) => allowedIps.filter((cidr) => /\/(32|128)$/.test(cidr))),
    containerDevices: devices.length - 2,
    waitingDeletions: waiting.length,
    alive: new Map(links.flatMap(([id, link]) => (link === undefined ? [] : [[id, link]]))),
    host,
  };
}

async function liveInterface(netnsPath: string): Promise<LiveInterface | undefined> {
  const link = await seenInterface(netnsPath, 'eth0');
  if (link === undefined) return undefined;
  return { addresses: link.addresses, isUp: link.isUp, routes: await routesThrough(netnsPath, 'eth0') };
}

/** Every difference, in words; empty when the node holds exactly what is alive, and is itself as it was: `host`, which no attachment changes. */
export function audit(holdings: NodeHoldings, host: readonly string[]): string[] {
  const { attachments, records, taken, peerAddresses, containerDevices, waitingDeletions, alive } = holdings;
  const held = attachments.flatMap(({ addresses }) => addresses);
  const twice = held.filter((address, index) => held.indexOf(address) !== index);
  const known = new Map(attachments.map(({ containerId, addresses }) => [containerId, addresses]));
  const differs = (one: readonly string[], other: readonly string[]): boolean =>
    one.toSorted().join() !== other.toSorted().join();
  return [
    ...twice.map((address) => `${address} is held twice`),
    ...attachments
      .filter(({ containerId }) => !alive.has(containerId))
      .map(({ containerId, state }) => `${containerId} (${state}) has no interface`),
    ...[...alive]
      .filter(([id, { addresses }]) => differs(known.get(id) ?? [], addresses))
      .map(
        ([id, { addresses }]) =>
          `${id} has ${addresses.join(', ')}, the node knows ${known.get(id)?.join(', ') ?? 'nothing'}`,
      ),
    ...[...alive].flatMap(([id, link]) => linkFaults(id, link)),
    ...(differs(held, peerAddresses)
      ? [`peers have ${peerAddresses.join(', ')} where ${held.join(', ')} are held`]
      : []),
    ...(records === attachments.length ? [] : [`${records} records of ${attachments.length} attachments`]),
    ...(containerDevices === attachments.length
      ? []
      : [`${containerDevices} devices of ${attachments.length} attachments`]),
    ...taken
      .filter((count) => count !== attachments.length)
      .map((count) => `${count} addresses taken of ${attachments.length}`),
    ...(waitingDeletions === 0 ? [] : [`${waitingDeletions} deletions wait`]),
    ...difference(host, holdings.host).map((line) => `the node: ${line}`),
  ];
}

function linkFaults(id: string, { addresses, isUp, routes }: LiveInterface): string[] {
  const families = new Set(addresses.map((address) => (address.includes(':') ? '::/0' : '0.0.0.0/0')));
  return [
    ...(isUp ? [] : [`the interface of ${id} is down`]),
    ...[...families].filter((route) => !routes.includes(route)).map((route) => `${id} has no route ${route}`),
  ];
}
