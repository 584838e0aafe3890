/** Our plugin under the suite: a lab of one node, installed by the operator's command, with the shipped configuration. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, watch } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Attachment } from '@wgcni/api';
import {
  findPrograms,
  installCni,
  Lab,
  planLab,
  wireguardDevices,
  wireguardPeers,
  type NodePlan,
} from '@wgcni/testing';
import { execa } from 'execa';
import { takeByHand } from './take-by-hand.ts';
import {
  settings,
  type AddressRange,
  type NodeManagerDaemon,
  type Setting,
  type Subject,
  type SubjectSource,
} from './subject.ts';

export interface NodeSubjectOptions {
  /** So many IPv4 addresses of the dual-stack node are taken by hand beforehand, from a subnet of /20. */
  crowd?: number;
  /** What joins containers to the node. */
  link?: 'wireguard' | 'veth';
}

const pools: Record<Setting | 'crowded', string[]> = {
  dual: ['10.64.0.0/12:24', 'fd64::/48:64'],
  tiny: ['10.64.0.0/16:29', 'fd64::/48:64'],
  ipv6: ['fd64::/48:64'],
  crowded: ['10.64.0.0/12:20', 'fd64::/48:64'],
};

type Held = Pick<Attachment, 'network' | 'containerId' | 'ifName' | 'addresses'>;

const root = resolve(import.meta.dirname, '../../../..');

/** Opens a lab for each setting. */
export function nodeSubject({ crowd = 0, link = 'wireguard' }: NodeSubjectOptions = {}): SubjectSource {
  return {
    name: link === 'veth' ? 'wireguard-cni with link: veth' : 'wireguard-cni',
    settings,
    open: async (setting) => {
      const plan = planLab(`k${randomBytes(3).toString('hex')}`, {
        ...{ nodes: 1, containersPerNode: 0, managers: 1, etcd: 1 },
        pools: pools[setting === 'dual' && crowd > 0 ? 'crowded' : setting],
      });
      const lab = new Lab(plan, await findPrograms(root), { link });
      try {
        await lab.up();
        const [node] = plan.nodes;
        if (node === undefined) throw new Error('the lab has no node');
        if (setting === 'dual') await takeByHand(node.socket, crowd);
        return { subject: await subjectOf(lab, node, link), close: () => lab.down() };
      } catch (error) {
        await lab.down();
        throw error;
      }
    },
  };
}

async function subjectOf(lab: Lab, node: NodePlan, link: 'wireguard' | 'veth'): Promise<Subject> {
  const { binDir, conflist } = await installCni(lab, node);
  const { name, plugins } = JSON.parse(await readFile(conflist, 'utf8')) as { name: string; plugins: object[] };
  const config = { name, ...plugins[0] };
  const plugin = `${binDir}/wireguard-cni`;
  const nodeManager = daemonOf(lab, node, link);
  return {
    name: 'wireguard-cni',
    plugin,
    config,
    netnsPath: node.netnsPath,
    cniPath: binDir,
    isOurs: true,
    range: await rangeOf(lab, node),
    ipam: { plugin, config: { name, type: 'ptp', ipam: plugins[0] } },
    daemon: nodeManager,
    nodeManager,
    holdings: () => holdingsOf(lab, node),
    // A veth has no peer; what the node has for it instead is put back as soon as somebody takes it away.
    ...(link === 'veth' ? {} : { breakPeer: (_: string, addresses: readonly string[]) => removePeer(node, addresses) }),
    setDraining: (isDraining) => setDraining(lab, node, isDraining),
  };
}

function daemonOf(lab: Lab, node: NodePlan, link: 'wireguard' | 'veth'): NodeManagerDaemon {
  const ready = (): Promise<void> => lab.nodeReady(node).then(() => undefined);
  const launch = (): void => void lab.startNode(node);
  return {
    socket: node.socket,
    queueLimit: 10_000,
    stop: () => lab.process(node.id).stop(),
    start: () => (launch(), ready()),
    launch,
    ready,
    freeze: () => lab.process(node.id).kill('SIGSTOP'),
    thaw: () => lab.process(node.id).kill('SIGCONT'),
    freezeAt: (instant, signal) => {
      const what = instant === 'device' && link === 'veth' ? 'veth' : instant;
      return freezeAt(lab, node, { what, signal });
    },
    queueDir: node.queueDir,
  };
}

/** Where userspace WireGuard has its sockets, those of every node of the machine. */
const deviceSockets = '/run/wireguard';

async function freezeAt(
  lab: Lab,
  node: NodePlan,
  { what, signal }: { what: 'recorded' | 'device' | 'veth'; signal: AbortSignal },
): Promise<void> {
  const records = `${node.dataDir}/attachments`;
  const count = async (): Promise<number> =>
    what === 'recorded'
      ? (await readdir(records)).filter((name) => name.endsWith('.json')).length
      : (await wireguardDevices(node.netnsPath)).length + (await nodeEndsOf(node)).length;
  const before = await count();
  const process = lab.process(node.id);
  const instants =
    what === 'veth'
      ? linkChanges(process.record.pid, signal)
      : watch(what === 'recorded' ? records : deviceSockets, { signal });
  for await (const _ of instants) {
    process.kill('SIGSTOP');
    if ((await count()) > before) return;
    process.kill('SIGCONT');
  }
}

/** Yields whenever there are other links in the namespace of a process than before; nobody tells of one without a process in between. */
async function* linkChanges(pid: number, signal: AbortSignal): AsyncIterable<void> {
  const names = async (): Promise<string> => (await readFile(`/proc/${pid}/net/dev`, 'utf8')).replace(/:.*/g, '');
  for (let seen = await names(); ; await setImmediate()) {
    signal.throwIfAborted();
    const now = await names();
    if (now !== seen) yield;
    seen = now;
  }
}

/** Allocations, records and waiting deletions of the node, and every userspace device and peer it has. */
async function holdingsOf(lab: Lab, node: NodePlan): Promise<string[]> {
  const client = lab.nodeClient(node);
  try {
    const devices = await wireguardDevices(node.netnsPath);
    const records = await readdir(`${node.dataDir}/attachments`);
    const [items, peers, waiting] = await Promise.all([
      lab.isRunning(node.id)
        ? client.attachments({ limit: 1_000 }).then((page) => page.items)
        : recorded(node, records),
      wireguardPeers(devices),
      readdir(node.queueDir).catch(() => []),
    ]);
    const allocations = items.flatMap(({ network, containerId, ifName, addresses }) =>
      addresses.map(({ address }) => `allocation ${network}/${containerId}/${ifName} ${address}`),
    );
    return [
      ...allocations,
      ...records.map((record) => `record ${record}`),
      ...[...devices, ...(await nodeEndsOf(node))].map((device) => `device ${device}`),
      ...peers.map(({ device, allowedIps }) => `peer of ${device} ${allowedIps.toSorted().join(' ')}`),
      ...waiting.map((entry) => `waiting ${entry}`),
    ].sort();
  } finally {
    await client.close();
  }
}

/** The node's ends of its veths. */
async function nodeEndsOf({ netnsPath }: NodePlan): Promise<string[]> {
  const { stdout } = await execa('nsenter', [`--net=${netnsPath}`, 'ip', '-json', 'link', 'show', 'type', 'veth']);
  const links = JSON.parse(stdout === '' ? '[]' : stdout) as { ifname?: string }[];
  return links.flatMap(({ ifname }) => (ifname?.startsWith('wgcni-v') === true ? [ifname] : []));
}

/** While the node-manager is away its records are what it holds. */
async function recorded({ dataDir }: NodePlan, names: readonly string[]): Promise<Held[]> {
  const texts = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readFile(`${dataDir}/attachments/${name}`, 'utf8')),
  );
  return texts.map((text) => JSON.parse(text) as Held);
}

async function rangeOf(lab: Lab, node: NodePlan): Promise<AddressRange> {
  const client = lab.nodeClient(node);
  const { subnets } = await client.status();
  await client.close();
  const base = (isOfFamily: (subnet: string) => boolean): string | undefined =>
    subnets.find(isOfFamily)?.replace(/\/.*/, '');
  const v4 = base((subnet) => !subnet.includes(':')) ?? '10.64.0.0';
  const v6 = base((subnet) => subnet.includes(':'));
  const prefix = v4.replace(/[0-9]+$/, '');
  return {
    gateway: `${prefix}1`,
    inside: v4.replace(/[0-9]+\.[0-9]+$/, (tail) => insideTail(tail, subnets)),
    outside: '10.250.0.9',
    ...(v6 === undefined ? {} : { inside6: `${v6}ff:c8` }),
  };
}

/** An address near the end of the subnet, where nothing is given for long. */
function insideTail(tail: string, subnets: readonly string[]): string {
  const [third = 0, fourth = 0] = tail.split('.').map(Number);
  return subnets.some((subnet) => subnet.endsWith('/20')) ? `${third + 15}.200` : `${third}.${fourth + 200}`;
}

async function removePeer({ netnsPath }: NodePlan, addresses: readonly string[]): Promise<void> {
  const peers = await wireguardPeers(await wireguardDevices(netnsPath));
  const peer = peers.find(({ allowedIps }) => addresses.some((address) => allowedIps.includes(address)));
  if (peer === undefined) throw new Error(`no peer has ${addresses.join(', ')}`);
  await execa('wg', ['set', peer.device, 'peer', peer.publicKey, 'remove']);
}

async function setDraining(lab: Lab, node: NodePlan, isDraining: boolean): Promise<void> {
  const client = lab.managerClient();
  try {
    await (isDraining ? client.drain(node.id) : client.undrain(node.id));
  } finally {
    await client.close();
  }
  await lab.nodeStatusWhere(node, ({ readiness }) => (readiness === 'ready') !== isDraining);
}
