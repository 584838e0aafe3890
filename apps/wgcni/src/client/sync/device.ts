/** A client's WireGuard interface, by `wg`: what it holds, and the whole of it replaced where it differs. */
import { CatalogueError, type Secret } from '@wgcni/base';
import type { Processes } from '@wgcni/iproute';
import { type DeviceDump, parseDump, PrivateFiles } from '@wgcni/wg';
import type { Kept } from './client-file.ts';

/** What the interface holds now. */
export type HeldDevice = Pick<DeviceDump, 'publicKey' | 'peers'> & Kept;

export interface SyncDevice {
  /** Throws CatalogueError `config.invalid` when it is no interface of WireGuard. */
  read(): Promise<HeldDevice>;
  /** Peers that stay keep their sessions. Throws CatalogueError `kernel.refused`. */
  replace(config: Secret): Promise<void>;
}

/** Where a file never reaches a disk. */
const memoryParents = ['/run', '/dev/shm'];

export interface OpenDevice extends SyncDevice {
  /** The interface stays as it is. */
  close(): Promise<void>;
}

/** The interface `name` of this machine. Throws CatalogueError `config.invalid` when there is no place for its key for a moment. */
export async function openDevice(name: string, processes: Processes): Promise<OpenDevice> {
  const files = await PrivateFiles.openUnder(memoryParents, `wgcni-client-${name}`);
  return {
    close: () => files.close(),
    async read() {
      const { status, stdout, stderr } = await processes.run({ argv: ['wg', 'show', name, 'dump'] });
      if (status !== 0) throw notThere(name, stderr.trim());
      const { publicKey, peers, listenPort } = parseDump(stdout);
      return { publicKey, peers, listenPort, fwmark: fwmarkIn(stdout) };
    },
    async replace(config) {
      await files.lend(config, async (path) => {
        const { status, stderr } = await processes.run({ argv: ['wg', 'syncconf', name, path] });
        if (status === 0) return;
        throw new CatalogueError('kernel.refused', `"wg syncconf ${name}" failed: ${stderr.trim()}`, {
          remedy: 'see whether the interface is still there',
        });
      });
    },
  };
}

/** The fourth field of the first line, which is about the device. */
function fwmarkIn(dump: string): string {
  return dump.split('\n', 1)[0]?.split('\t')[3] ?? 'off';
}

function notThere(name: string, why: string): CatalogueError {
  return new CatalogueError('config.invalid', `${name} is no interface of WireGuard: ${why}`, {
    field: '--interface',
    remedy: `make it: ip link add ${name} type wireguard, or wg-quick up with the first configuration`,
  });
}
