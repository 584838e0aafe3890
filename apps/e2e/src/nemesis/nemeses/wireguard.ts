/** The death of the userspace process that is a node's mesh, and of one that is a container's device. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { wireguardDevices, type NodePlan } from '@wgcni/testing';
import { execa } from 'execa';
import { someNode, type Arena, type Nemesis, type Strike } from './nemesis.ts';

/** `wireguard-go` has no healer but the node-manager. */
const ended = { harm: 'packets', gapBoundMs: 3_000, lastsMs: [0, 100] } as const;

/** SIGKILL, SIGTERM, and SIGSTOP with SIGCONT: a device that is there and answers nothing, also not to `wg`. */
export const wireguardNemeses: readonly Nemesis[] = [
  { name: 'kill wireguard-go of the mesh', ...ended, strike: (arena) => signalMesh(arena, 'SIGKILL') },
  { name: 'roll wireguard-go of the mesh', ...ended, strike: (arena) => signalMesh(arena, 'SIGTERM') },
  { name: 'kill wireguard-go of a container', ...ended, strike: (arena) => signalContainer(arena) },
  {
    ...{ name: 'pause wireguard-go of the mesh', harm: 'packets', lastsMs: [1_000, 6_000] },
    strike: (arena) => signalMesh(arena, 'SIGSTOP'),
  },
];

async function signalMesh(arena: Arena, signal: NodeJS.Signals): Promise<Strike> {
  const node = someNode(arena);
  const device = await meshDeviceOf(node);
  const strike = await send(node, device, signal);
  if (strike === undefined) throw new Error(`nobody runs ${device} in ${node.id}`);
  return strike;
}

/** The load deletes containers meanwhile: the first of them, in an order by chance, that is still there. */
async function signalContainer(arena: Arena): Promise<Strike> {
  const node = someNode(arena);
  for (const devices = await containerDevicesOf(node); devices.length > 0;) {
    const device = arena.random.pick(devices);
    const strike = await send(node, device, 'SIGKILL');
    if (strike !== undefined) return strike;
    devices.splice(devices.indexOf(device), 1);
  }
  throw new Error(`${node.id} has no container`);
}

/** Undefined when nobody runs the device any more. */
async function send(node: NodePlan, device: string, signal: NodeJS.Signals): Promise<Strike | undefined> {
  const pid = await pidOf(node, device);
  if (pid === undefined || !signalled(pid, signal)) return undefined;
  return {
    what: `${device} (pid ${pid}) of ${node.id}`,
    heal: async () => {
      if (signal === 'SIGSTOP') process.kill(pid, 'SIGCONT');
    },
  };
}

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** The device behind `wgcni-mesh`: the one that speaks on the mesh port. */
async function meshDeviceOf(node: NodePlan): Promise<string> {
  for (const device of await wireguardDevices(node.netnsPath)) {
    const { stdout } = await execa('wg', ['show', device, 'listen-port'], { reject: false });
    if (stdout.trim() === '51820') return device;
  }
  throw new Error(`${node.id} has no mesh device`);
}

async function containerDevicesOf(node: NodePlan): Promise<string[]> {
  const found: string[] = [];
  for (const device of await wireguardDevices(node.netnsPath)) {
    const { stdout } = await execa('wg', ['show', device, 'listen-port'], { reject: false });
    if (Number(stdout.trim()) >= 61_000) found.push(device);
  }
  return found;
}

async function pidOf(node: NodePlan, device: string): Promise<number | undefined> {
  const { ino } = await stat(node.netnsPath);
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const namespace = await readlink(`/proc/${pid}/ns/net`).catch(() => '');
    if (words.includes('wireguard-go') && words.split('\0').includes(device) && namespace === `net:[${ino}]`)
      return Number(pid);
  }
  return undefined;
}
