/** The token that a node is told to join by: the word itself, or a file that holds it. */
import { existsSync } from 'node:fs';
import { CatalogueError, messageOf } from '@wgcni/base';
import { isHandedOver, isOpenToOthers, type JoinToken, parseToken } from '@wgcni/pki';
import { open } from 'node:fs/promises';

const flag = '--join';

/** What begins with a slash names a file: an argument can be read by everybody on the machine. Throws CatalogueError `config.invalid`. */
export async function readToken(said: string): Promise<JoinToken> {
  return parseToken(said.startsWith('/') ? await wordIn(said) : said, flag);
}

/** Whether a file was said that is not there. */
export function isMissingFile(said: string): boolean {
  return said.startsWith('/') && !existsSync(said);
}

/** Of the file that is read, not of its name. */
async function wordIn(path: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const found = await file.stat();
    const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
    if (isOpenToOthers(found, isHandedOver(path, process.env['CREDENTIALS_DIRECTORY'])))
      throw new CatalogueError('config.invalid', `${flag} ${path} has mode ${mode}: others may join by it`, {
        field: flag,
        remedy: `run "chmod 600 ${path}" when nobody has read it, else take that token back and make another`,
      });
    return await file.readFile('utf8').catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
  } finally {
    await file.close();
  }
}

function unreadable(path: string, cause: unknown): CatalogueError {
  return new CatalogueError('config.invalid', `${flag} ${path} cannot be read: ${messageOf(cause)}`, {
    field: flag,
    remedy: 'name a file that holds the token',
  });
}
