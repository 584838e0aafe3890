/** Reads a configuration file that nobody else can write. */
import { CatalogueError, messageOf } from '@wgcni/base';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

/** Bits of who is neither its owner nor root. */
const writableByOthers = 0o022;

/** Its text, or undefined when it is not there. Throws CatalogueError `config.invalid` when others may write it, or it cannot be read. */
export function readConfigFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw refuse(path, `cannot be read: ${messageOf(cause)}`, 'let this program read it', cause);
  }
  try {
    const { mode, uid } = fstatSync(file);
    if ((mode & writableByOthers) !== 0)
      throw refuse(path, `may be written by others (mode ${(mode & 0o777).toString(8)})`, `chmod go-w ${path}`);
    if (uid !== 0 && uid !== process.geteuid?.()) throw refuse(path, `belongs to user ${uid}`, `chown root ${path}`);
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof CatalogueError) throw cause;
    throw refuse(path, `cannot be read: ${messageOf(cause)}`, 'name a file', cause);
  } finally {
    closeSync(file);
  }
}

function refuse(path: string, message: string, remedy: string, cause?: unknown): CatalogueError {
  return new CatalogueError('config.invalid', `${path} ${message}`, { field: path, remedy, cause });
}
