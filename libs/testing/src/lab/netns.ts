/** Network namespaces of the lab and the links between them. */
import { readdir } from 'node:fs/promises';
import { execa } from 'execa';
import type { Apart, ContainerPlan, LabPlan, NodePlan } from './plan.ts';

/** Creates a named namespace with its loopback up. */
export async function addNetns(name: string): Promise<void> {
  await execa('ip', ['netns', 'add', name]);
  await execa('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
}

/** Removes a named namespace; a missing one is fine. */
export async function removeNetns(name: string): Promise<void> {
  if ((await listNetns()).includes(name)) await execa('ip', ['netns', 'delete', name]);
}

/** The named namespaces of the machine. */
export async function listNetns(): Promise<string[]> {
  try {
    return await readdir('/run/netns');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The bridge that joins the nodes, in the caller's namespace, with the control plane's addresses on it. */
export async function addBridge(plan: LabPlan): Promise<void> {
  await batch([
    `link set lo up`,
    `link add ${plan.bridge} type bridge stp_state 0 forward_delay 0`,
    `link set ${plan.bridge} up`,
    `address add ${plan.control.v4}/24 dev ${plan.bridge}`,
    `address add ${plan.control.v6}/64 dev ${plan.bridge} nodad`,
  ]);
}

/** Removes the bridge and the links that are joined to it, where they are. */
export async function removeBridge({ bridge }: LabPlan): Promise<void> {
  const { stdout, exitCode } = await execa('ip', ['-json', 'link', 'show', 'master', bridge], { reject: false });
  // A bridge that is not there has no links.
  if (exitCode !== 0) return;
  const links = (JSON.parse(stdout || '[]') as { ifname: string }[]).map(({ ifname }) => ifname);
  await batch([...links, bridge].map((link) => `link delete ${link}`));
}

/** A node's namespace, joined to the bridge by its `eth0`. */
export async function addNode(plan: LabPlan, node: NodePlan): Promise<void> {
  await addNetns(node.netns);
  // A name of fifteen letters is the longest that the kernel takes: cut off, those of the tenth node on would be the first one's.
  const outer = node.id;
  await batch([
    `link add ${outer} type veth peer name eth0 netns ${node.netns}`,
    `link set ${outer} master ${plan.bridge} up`,
  ]);
  await batch([
    `-n ${node.netns}`,
    `link set eth0 up`,
    `address add ${node.underlay.v4}/24 dev eth0`,
    `address add ${node.underlay.v6}/64 dev eth0 nodad`,
    `route add default via ${plan.control.v4}`,
  ]);
}

/** The namespace of a member or a manager that stands apart, joined to the bridge by its `eth0`; nothing for one that does not. */
export async function addApart(plan: LabPlan, { netns, address }: Apart): Promise<void> {
  if (netns === undefined) return;
  const outer = `u-${plan.name}-${Number(address.split('.').at(-1)) - 200}`;
  await addNetns(netns);
  await batch([
    `link add ${outer} type veth peer name eth0 netns ${netns}`,
    `link set ${outer} master ${plan.bridge} up`,
  ]);
  await batch([`-n ${netns}`, `link set eth0 up`, `address add ${address}/24 dev eth0`]);
}

/** What a container runtime does before it calls the plugin: an empty namespace. */
export async function addContainerNetns(container: ContainerPlan): Promise<void> {
  await addNetns(container.netns);
}

/** Runs `ip` commands in one process, in the namespace of the caller or, when the first line is `-n NAME`, of NAME. */
async function batch(lines: string[]): Promise<void> {
  const [first = ''] = lines;
  const inside = first.startsWith('-n ');
  await execa('ip', [...(inside ? first.split(' ') : []), '-batch', '-'], {
    input: (inside ? lines.slice(1) : lines).join('\n') + '\n',
  });
}
