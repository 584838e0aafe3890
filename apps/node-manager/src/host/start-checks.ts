/** What must be so on the host before anything is done, each with the way to make it so (design §6). */
import { CatalogueError, type Log } from '@wgcni/base';
import { type Address, formatAddress } from '@wgcni/ipam';
import type { KernelState, NftTable } from '@wgcni/iproute';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** CAP_NET_ADMIN is bit 12 of the effective set. */
const netAdminBit = 12n;
/** The kernel's fixed inode number of the first pid namespace. */
const firstPidNamespace = 0xeffffffc;
const programs: readonly (readonly [name: string, debianPackage: string])[] = [
  ['ip', 'iproute2'],
  ['wg', 'wireguard-tools'],
  ['iptables', 'iptables'],
  ['iptables-save', 'iptables'],
  ['nft', 'nftables'],
  ['nsenter', 'util-linux'],
];

export interface StartChecks {
  /** Directories where programs are looked for, separated by ':'. */
  path: string;
  kernel: KernelState;
  policyTable: Pick<NftTable, 'verify'>;
  /** What packets are to leave the cluster under. */
  egressSources: readonly Address[];
  log: Log;
}

/** Throws CatalogueError `config.invalid` that names what is missing and what to do; warns of what may be meant so. */
export async function checkStart({ path, kernel, policyTable, egressSources, log }: StartChecks): Promise<void> {
  if (!hasNetAdmin(await readFile('/proc/self/status', 'utf8'))) {
    throw missing(
      'CAP_NET_ADMIN',
      'this process may not change the network',
      'run it as root, or give it CAP_NET_ADMIN',
    );
  }
  for (const [program, debianPackage] of programs) {
    if (await isInPath(program, path)) continue;
    throw missing(program, `the program ${program} is not installed`, `install the Debian package ${debianPackage}`);
  }
  await policyTable.verify();
  refuseDownLoopback(kernel);
  for (const address of egressSources) refuseForeignSource(formatAddress(address), kernel);
  await warnOfIsolation(log);
}

/** Containers and their node speak over loopback. Throws CatalogueError `config.invalid` when it is down. */
function refuseDownLoopback({ links }: KernelState): void {
  if (links.some(({ isLoopback, isUp }) => isLoopback && isUp)) return;
  throw missing('lo', 'the loopback interface is down: containers reach their node over it', 'run "ip link set lo up"');
}

/** Answers to an address that the host does not have would never come back. Throws CatalogueError `config.invalid`. */
export function refuseForeignSource(
  source: string,
  { addresses }: { addresses: readonly { address: string }[] },
): void {
  if (addresses.some(({ address }) => address === source)) return;
  const own = addresses.map(({ address }) => address).join(', ');
  throw missing(
    '--egress-source',
    `--egress-source ${source} is not an address of this host`,
    `name one of ${own}, or give the host that address first`,
  );
}

/** Whether the text of /proc/<pid>/status shows CAP_NET_ADMIN as effective. */
function hasNetAdmin(status: string): boolean {
  const bits = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return bits !== undefined && (BigInt(`0x${bits}`) & (1n << netAdminBit)) !== 0n;
}

/** Whether mounts made on the host later show in a mount namespace with this mountinfo: its root is shared or a slave. */
function receivesMounts(mountInfo: string): boolean {
  const root = mountInfo.split('\n').find((line) => line.split(' ')[4] === '/');
  return root === undefined || /\s(shared|master):\d+\s/.test(root);
}

async function warnOfIsolation(log: Log): Promise<void> {
  const pidNamespace = await stat('/proc/self/ns/pid');
  if (pidNamespace.ino !== firstPidNamespace) {
    log.warn({ remedy: "run it in the host's pid namespace" }, 'host.pid-namespace-own');
  }
  if (!receivesMounts(await readFile('/proc/self/mountinfo', 'utf8'))) {
    log.warn(
      { remedy: 'run it with slave mount propagation, or new network namespaces stay unseen' },
      'host.mounts-private',
    );
  }
}

async function isInPath(program: string, path: string): Promise<boolean> {
  const tries = path.split(':').map((directory) =>
    access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(tries)).includes(true);
}

function missing(field: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', message, { field, remedy });
}
