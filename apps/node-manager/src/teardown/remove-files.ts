/** Removes the files that the node-manager makes, and the directories that hold nothing else. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { credentialsFolder } from '@wgcni/pki';
import { keyDirectory } from '../open-host-ports.ts';

/** What stands in a data directory; anything else in it is not ours and stays. */
const dataEntries = [
  ...['attachments', 'addresses', 'keys', 'processes', credentialsFolder],
  ...['view.json', 'contact.json', 'identity.json', 'host.json', 'control-plane.json'],
];

/** Names that the plugin gives to queued deletions, whatever was added to them since. */
const queueEntry = /^[0-9a-f]{16}\.[0-9]{13,16}\./;

/** A missing file is fine; a directory that somebody else uses too stays. */
export async function removeFiles(config: Config): Promise<void> {
  const { dataDir, queueDir, socket } = config;
  for (const entry of dataEntries) await rm(join(dataDir, entry), { recursive: true, force: true });
  await emptyQueue(queueDir);
  await rm(await keyDirectory(config), { recursive: true, force: true });
  await rm(socket, { force: true });
  for (const directory of [queueDir, dataDir, dirname(socket)]) await removeIfEmpty(directory);
}

async function emptyQueue(queueDir: string): Promise<void> {
  const names = await readdir(queueDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) if (queueEntry.test(name)) await rm(join(queueDir, name), { force: true });
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    // The last two: systemd made it for the unit, beside what the unit may only read.
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}
