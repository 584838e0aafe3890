/** The userspace WireGuard devices of one node: processes of its network namespace, wherever their links are now. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { execa } from 'execa';

/** Names under which `wg` knows the devices whose process runs in the namespace, sorted. */
export async function wireguardDevices(netnsPath: string): Promise<string[]> {
  const { ino } = await stat(netnsPath);
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const names = await Promise.all(pids.map((pid) => deviceOf(pid, `net:[${ino}]`)));
  return names.filter((name) => name !== undefined).sort();
}

export interface WireguardPeer {
  device: string;
  publicKey: string;
  allowedIps: string[];
}

/** Every peer of these userspace devices. */
export async function wireguardPeers(devices: readonly string[]): Promise<WireguardPeer[]> {
  const dumps = await Promise.all(
    devices.map((device) => execa('wg', ['show', device, 'allowed-ips'], { reject: false })),
  );
  return dumps.flatMap(({ stdout }, index) =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'))
      .map(([publicKey = '', ips = '']) => ({
        device: devices[index] ?? '',
        publicKey,
        allowedIps: ips === '(none)' ? [] : ips.split(' '),
      })),
  );
}

/** A process may end while it is looked at. */
async function deviceOf(pid: string, namespace: string): Promise<string | undefined> {
  try {
    const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    if (!program.endsWith('wireguard-go')) return undefined;
    if ((await readlink(`/proc/${pid}/ns/net`)) !== namespace) return undefined;
    return args.filter((arg) => arg !== '').at(-1);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
