/** Which WireGuard this machine has: the kernel's, or wireguard-go. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { CatalogueError } from '@wgcni/base';
import { processEnvironment, Processes } from '@wgcni/iproute';
import { KernelDevices, type KernelDevicesOptions } from './kernel/devices.ts';
import type { WgDevices } from './port.ts';
import { UserspaceDevices, type UserspaceDevicesOptions } from './userspace/devices.ts';

/** The link by which the kernel is tried. */
const trialLink = 'wgcni-try';

export type Backend = 'kernel' | 'userspace';

/**
 * `kernel` when the kernel makes a WireGuard link (one of a name of our own, removed at once), else `userspace` when wireguard-go
 * and /dev/net/tun are there. Throws CatalogueError `config.invalid` that says what to install.
 */
export async function detectBackend(ownNetns?: string): Promise<Backend> {
  const refusal = await tryKernel(new Processes(ownNetns));
  if (refusal === undefined) return 'kernel';
  const [hasProgram, hasTun] = await Promise.all([isInPath('wireguard-go'), canUse('/dev/net/tun', constants.F_OK)]);
  if (hasProgram && hasTun) return 'userspace';
  const missing = hasProgram ? '/dev/net/tun' : 'wireguard-go';
  throw new CatalogueError(
    'config.invalid',
    `this machine has no WireGuard: the kernel says "${refusal}", and there is no ${missing}`,
    {
      remedy:
        'load the kernel module (modprobe wireguard), or install wireguard-go and make /dev/net/tun available; run as root',
    },
  );
}

/** The devices of a backend, ready to use. */
export async function openDevices(
  backend: Backend,
  options: KernelDevicesOptions & UserspaceDevicesOptions,
): Promise<WgDevices> {
  return backend === 'kernel' ? KernelDevices.open(options) : UserspaceDevices.open(options);
}

/**
 * Why the kernel would make no WireGuard link, or undefined when it would. One name, so that what a crash left is seen and removed; a
 * neighbour that tries at the same moment proves the same.
 */
async function tryKernel(processes: Processes): Promise<string | undefined> {
  const remove = ['ip', 'link', 'del', trialLink, 'type', 'wireguard'];
  await processes.run({ argv: remove });
  const { status, stderr } = await processes.run({ argv: ['ip', 'link', 'add', trialLink, 'type', 'wireguard'] });
  if (status !== 0 && !stderr.includes('File exists')) return stderr.trim();
  await processes.run({ argv: remove });
  return undefined;
}

async function isInPath(program: string): Promise<boolean> {
  const directories = (processEnvironment().PATH ?? '').split(':').filter((directory) => directory !== '');
  const found = await Promise.all(directories.map((directory) => canUse(join(directory, program), constants.X_OK)));
  return found.includes(true);
}

async function canUse(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
