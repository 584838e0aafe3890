/** Where a configuration goes: to stdout, as a QR code, or into a file of its owner alone. */
import { CatalogueError, replaceFile, type Secret } from '@wgcni/base';
import { open, unlink } from 'node:fs/promises';
import { terminalQr } from './qr.ts';

export interface DestinationFlags {
  out?: string;
  qr?: boolean;
  force?: boolean;
}

export interface Destination {
  /** Puts it there, and answers what is to be printed: the configuration itself, its code, or where it is. */
  deliver(config: Secret): Promise<string>;
  /** When nothing comes: no empty file stays. */
  giveUp(): Promise<void>;
}

/**
 * Takes the place before anything is asked for. FENCE: a file is made exclusively, with mode 0600: what stands there may be the only copy of another key.
 * Throws CatalogueError `config.invalid`.
 */
export async function openDestination(
  { out, qr = false, force = false }: DestinationFlags,
  columns?: number,
): Promise<Destination> {
  if (out === undefined) {
    const shown = (config: Secret): string => (qr ? terminalQr(config.reveal(), columns) : config.reveal().trimEnd());
    return { deliver: async (config) => shown(config), giveUp: async () => {} };
  }
  if (qr) throw refuse('--qr', '--qr and --out are two places', 'give one of them');
  if (!force) await makeExclusively(out);
  return {
    deliver: async (config) => {
      await replaceFile(out, config.reveal());
      return out;
    },
    giveUp: async () => {
      if (!force) await unlink(out).catch(() => undefined);
    },
  };
}

async function makeExclusively(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST')
      throw refuse('--out', `${path} is there already`, 'name another file, or give --force to replace it');
    throw refuse('--out', `${path} cannot be made: ${error.message}`, 'name a file in a directory of yours');
  });
  await file.close();
}

function refuse(field: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', message, { field, remedy });
}
