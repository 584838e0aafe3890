/** The userspace WireGuard devices of one node: processes of its network namespace, wherever their links are now. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { execa } from 'execa';

/** Names under which `wg` knows the devices whose process runs in the namespace, sorted. */
export async function wireguardDevices(netnsPath: string): Promise<string[]> {
  const { ino } = await stat(netnsPath);
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  const names = pids.map((pid) => deviceOf(pid, `net:[${ino}]`));
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

/** A process may end while it is looked at. Synchronous: of hundreds of such files each is read in less time than it takes to wait for it. */
function deviceOf(pid: string, namespace: string): string | undefined {
  try {
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (!program.endsWith('wireguard-go')) return undefined;
    if (readlinkSync(`/proc/${pid}/ns/net`) !== namespace) return undefined;
    return args.filter((arg) => arg !== '').at(-1);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
