/** Reads a configuration file that nobody else can write. */
import { CatalogueError, messageOf } from '@wgcni/base';
import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';

/** Bits of who is neither its owner nor root. */
const writableByOthers = 0o022;

/**
 * Its text, or undefined when it is not there. Throws CatalogueError `config.invalid` when others may write it, or it cannot be read. A file that nobody
 * named, in a directory that this program may not look into, counts as not there, with a warning of the process.
 */
export function readConfigFile(path: string, isNamed: boolean): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined;
    if (!isNamed && isOutOfSight(path)) {
      process.emitWarning(
        `${path} is not looked for: let this program into its directory (chmod 755), or name no file there`,
      );
      return undefined;
    }
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

/** One that is seen and may not be read was meant: it is no such file. */
function isOutOfSight(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return isCode(error, 'EACCES');
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

function refuse(path: string, message: string, remedy: string, cause?: unknown): CatalogueError {
  return new CatalogueError('config.invalid', `${path} ${message}`, { field: path, remedy, cause });
}
