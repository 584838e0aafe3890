/** Where a node that joined by a token keeps its key, its certificate and the authorities: `<data-dir>/credentials`, each set named after its token. */
import { CatalogueError, privateDirectory, removeFile, replaceFile, Secret } from '@wgcni/base';
import { type CredentialPaths, credentialsFolder, currentSetPath, joinedPaths } from '@wgcni/pki';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile } from '../keys/key-file.ts';

const isTokenId = /^[0-9a-f]{16}$/;

/** Whether a node has joined by a token, as far as a start must know before the directory is its own. */
export function hasJoined(dataDir: string): boolean {
  return existsSync(currentSetPath(dataDir));
}

export class JoinedFiles {
  readonly #dataDir: string;
  readonly #directory: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#directory = join(dataDir, credentialsFolder);
  }

  /** The three files of a token, there or not. */
  pathsOf(tokenId: string): CredentialPaths {
    return joinedPaths(this.#dataDir, tokenId);
  }

  /** The token by which this node joined last; undefined when it never did. Throws CatalogueError `config.invalid` when that cannot be told any more. */
  async current(): Promise<string | undefined> {
    const path = this.#currentPath;
    const text = (await readOrNone(path))?.trim();
    if (text === undefined || isTokenId.test(text)) return text;
    // FENCE: a node that takes itself for one that never joined must not go on without a certificate.
    throw new CatalogueError('config.invalid', `${path} does not hold the id of a join token`, {
      field: '--join',
      remedy: 'remove that file, and join again with a new token',
    });
  }

  /** The key that was made for a token, or one that is made now. ORDER: on disk before anybody is asked, so that a repeat shows the same. */
  async keyFor(tokenId: string, generate: () => Secret): Promise<Secret> {
    await privateDirectory(this.#directory);
    const found = await this.keyBegun(tokenId);
    if (found !== undefined) return found;
    // What was begun with another token and led to nothing.
    await this.#removeAllBut([tokenId, await this.current()]);
    const key = generate();
    await createKeyFile(this.pathsOf(tokenId).key, new Secret(key.reveal().trimEnd()));
    return key;
  }

  /** The key that was made for a token; undefined when nobody was asked by it yet. */
  async keyBegun(tokenId: string): Promise<Secret | undefined> {
    const found = await readOrNone(this.pathsOf(tokenId).key);
    return found === undefined ? undefined : new Secret(found);
  }

  /** Keeps what was answered. ORDER: the set is whole before it is the current one; those before it go afterwards. */
  async keep(tokenId: string, certificate: string, authorities: string): Promise<CredentialPaths> {
    const paths = this.pathsOf(tokenId);
    await replaceFile(paths.ca, authorities);
    await replaceFile(paths.cert, certificate);
    return this.makeCurrent(tokenId);
  }

  /** Says that the set of this token, which is whole, is the one to show. */
  async makeCurrent(tokenId: string): Promise<CredentialPaths> {
    await replaceFile(this.#currentPath, `${tokenId}\n`);
    await this.#removeAllBut([tokenId]);
    return this.pathsOf(tokenId);
  }

  get #currentPath(): string {
    return currentSetPath(this.#dataDir);
  }

  async #removeAllBut(tokenIds: readonly (string | undefined)[]): Promise<void> {
    const isKept = (name: string): boolean => name === 'current' || tokenIds.some((id) => name.split('.')[0] === id);
    for (const name of await readdir(this.#directory)) if (!isKept(name)) await removeFile(join(this.#directory, name));
  }
}

function readOrNone(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
