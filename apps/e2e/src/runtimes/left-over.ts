/** What a node still has of containers that are gone, one line each. */
import { readdir } from 'node:fs/promises';
import { wireguardDevices, wireguardPeers, type Lab, type NodePlan } from '@wgcni/testing';
import { inside } from '../inside.ts';

/** The devices of the node itself: one for the mesh, one for its containers. */
const ownDevices = 2;

/** Attachments, records, waiting deletions, userspace devices, peers and firewall rules of containers on the node; empty when nothing is left. */
export async function leftOver(lab: Lab, node: NodePlan): Promise<string[]> {
  const client = lab.nodeClient(node);
  const devices = await wireguardDevices(node.netnsPath);
  const [{ items }, records, waiting, peers, rules] = await Promise.all([
    client.attachments({ limit: 1_000 }),
    readdir(`${node.dataDir}/attachments`),
    readdir(node.queueDir).catch(() => []),
    wireguardPeers(devices),
    containerRules(node),
  ]);
  await client.close();
  return [
    ...items.map(({ containerId, ifName }) => `attachment ${containerId}/${ifName}`),
    ...records.map((name) => `record ${name}`),
    ...waiting.map((name) => `waiting deletion ${name}`),
    ...(devices.length > ownDevices ? [`${devices.length - ownDevices} devices of containers`] : []),
    ...peers
      .flatMap(({ allowedIps }) => allowedIps)
      .filter((cidr) => /\/(32|128)$/.test(cidr))
      .map((cidr) => `peer ${cidr}`),
    ...rules,
  ];
}

/** Rules that chained plugins made for single containers: they name an address or a port of theirs. */
async function containerRules({ netnsPath }: NodePlan): Promise<string[]> {
  const saved = await Promise.all(['iptables-save', 'ip6tables-save'].map((program) => inside(netnsPath, [program])));
  return saved
    .flatMap(({ stdout }) => stdout.split('\n'))
    .filter((line) => /^-A CNI-(DN|SN|FORWARD|HOSTPORT-DNAT).*(--dport|-d |-s |-j CNI-DN)/.test(line))
    .map((line) => `rule ${line}`);
}
