/** Where a node that joined by a token keeps its key, its certificate and the authorities: `<data-dir>/credentials`, each set named after its token. */
import { privateDirectory, removeFile, replaceFile, Secret } from '@wgcni/base';
import type { CredentialPaths } from '@wgcni/pki';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile } from '../keys/key-file.ts';

/** The folder in the data directory. */
export const credentialsFolder = 'credentials';

const isTokenId = /^[0-9a-f]{16}$/;

/** Whether a node has joined by a token, as far as a start must know before the directory is its own. */
export function hasJoined(dataDir: string): boolean {
  return existsSync(join(dataDir, credentialsFolder, 'current'));
}

export class JoinedFiles {
  readonly #directory: string;

  constructor(dataDir: string) {
    this.#directory = join(dataDir, credentialsFolder);
  }

  /** The three files of a token, there or not. */
  pathsOf(tokenId: string): CredentialPaths {
    const path = (part: string): string => join(this.#directory, `${tokenId}.${part}.pem`);
    return { use: 'tls', cert: path('cert'), key: path('key'), ca: path('ca') };
  }

  /** The token by which this node joined last; undefined when it never did. */
  async current(): Promise<string | undefined> {
    const text = (await readOrNone(join(this.#directory, 'current')))?.trim();
    return text !== undefined && isTokenId.test(text) ? text : undefined;
  }

  /** The key that was made for a token, or one that is made now. ORDER: on disk before anybody is asked, so that a repeat shows the same. */
  async keyFor(tokenId: string, generate: () => Secret): Promise<Secret> {
    await privateDirectory(this.#directory);
    const { key: path } = this.pathsOf(tokenId);
    const found = await readOrNone(path);
    if (found !== undefined) return new Secret(found);
    const key = generate();
    await createKeyFile(path, new Secret(key.reveal().trimEnd()));
    return key;
  }

  /** Keeps what was answered. ORDER: the set is whole before it is the current one; those before it go afterwards. */
  async keep(tokenId: string, certificate: string, authorities: string): Promise<CredentialPaths> {
    const paths = this.pathsOf(tokenId);
    await replaceFile(paths.ca, authorities);
    await replaceFile(paths.cert, certificate);
    await replaceFile(join(this.#directory, 'current'), `${tokenId}\n`);
    for (const name of await readdir(this.#directory))
      if (name !== 'current' && !name.startsWith(`${tokenId}.`)) await removeFile(join(this.#directory, name));
    return paths;
  }
}

function readOrNone(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
