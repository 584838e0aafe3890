/** The death of the userspace process that is a node's mesh, and of one that is a container's device. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { wireguardDevices, type NodePlan } from '@wgcni/testing';
import { execa } from 'execa';
import { someNode, type Arena, type Nemesis, type Strike } from './nemesis.ts';

/** `wireguard-go` has no healer but the node-manager. */
export const wireguardNemeses: readonly Nemesis[] = [
  { name: 'kill wireguard-go of the mesh', harm: 'packets', lastsMs: [0, 100], strike: (arena) => killOf(arena, true) },
  {
    name: 'kill wireguard-go of a container',
    harm: 'packets',
    lastsMs: [0, 100],
    strike: (arena) => killOf(arena, false),
  },
];

async function killOf(arena: Arena, isMesh: boolean): Promise<Strike> {
  const node = someNode(arena);
  const mesh = await meshDeviceOf(node);
  const device = isMesh ? mesh : await containerDeviceOf(node, arena);
  const pid = await pidOf(node, device);
  process.kill(pid, 'SIGKILL');
  return { what: `${device} (pid ${pid}) of ${node.id}`, heal: async () => undefined };
}

/** The device behind `wgcni-mesh`: the one that speaks on the mesh port. */
async function meshDeviceOf(node: NodePlan): Promise<string> {
  for (const device of await wireguardDevices(node.netnsPath)) {
    const { stdout } = await execa('wg', ['show', device, 'listen-port'], { reject: false });
    if (stdout.trim() === '51820') return device;
  }
  throw new Error(`${node.id} has no mesh device`);
}

async function containerDeviceOf(node: NodePlan, { random }: Arena): Promise<string> {
  const found: string[] = [];
  for (const device of await wireguardDevices(node.netnsPath)) {
    const { stdout } = await execa('wg', ['show', device, 'listen-port'], { reject: false });
    if (Number(stdout.trim()) >= 61_000) found.push(device);
  }
  if (found.length === 0) throw new Error(`${node.id} has no container`);
  return random.pick(found);
}

async function pidOf(node: NodePlan, device: string): Promise<number> {
  const { ino } = await stat(node.netnsPath);
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const namespace = await readlink(`/proc/${pid}/ns/net`).catch(() => '');
    if (words.includes('wireguard-go') && words.split('\0').includes(device) && namespace === `net:[${ino}]`)
      return Number(pid);
  }
  throw new Error(`nobody runs ${device} in ${node.id}`);
}
