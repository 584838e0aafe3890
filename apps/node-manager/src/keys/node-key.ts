/** The key pair of one of the node's devices: the live device's, else the file's, else a new one. */
import { type Log, removeFile } from '@wgcni/base';
import type { DeviceRef, KeyGenerator, KeyPair, WgDevices } from '@wgcni/wg';
import { join } from 'node:path';
import { createKeyFile, readKeyFile } from './key-file.ts';

export type KeyRole = 'mesh' | 'pods';

export interface NodeKeyDeps {
  dataDir: string;
  devices: Pick<WgDevices, 'readPrivateKey'>;
  keys: KeyGenerator;
  log: Log;
}

/** Where the private key of a role is kept. */
export function keyPath(dataDir: string, role: KeyRole): string {
  return join(dataDir, 'keys', role);
}

/**
 * The node's key pair for `role`. A live device's key wins, so that a lost or older data directory costs no new handshake
 * (design §4.12); it is written back. Throws CatalogueError `config.invalid` for a file that others can read.
 */
export async function keepNodeKey(deps: NodeKeyDeps, role: KeyRole, device: DeviceRef): Promise<KeyPair> {
  const path = keyPath(deps.dataDir, role);
  const filed = await readKeyFile(path);
  const live = await deps.devices.readPrivateKey(device);
  const chosen = live ?? filed ?? deps.keys.generate().privateKey;
  const publicKey = deps.keys.publicKeyOf(chosen);
  if (filed?.reveal() !== chosen.reveal()) {
    if (filed !== undefined) await removeFile(path);
    await createKeyFile(path, chosen);
    deps.log.info({ role, publicKey, device: device.name }, live === undefined ? 'key.created' : 'key.adopted');
  }
  return { publicKey, privateKey: chosen };
}
