/** The one exception for private keys (design §4.8): a 0600 file on tmpfs for the life of one `wg` call. */
import { randomUUID } from 'node:crypto';
import { lstat, open, readdir, rmdir, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CatalogueError, privateDirectory, type Secret } from '@wgcni/base';

/** TMPFS_MAGIC and RAMFS_MAGIC (linux/magic.h): file systems that never reach a disk. */
const memoryFileSystems: readonly number[] = [0x01021994, 0x858458f6];

/** Only files of this form are ours to remove. */
const ownFile = /^[0-9a-f-]{36}\.conf$/;

export class PrivateFiles {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Makes the directory (0700), or checks the one that is there, and removes what an earlier life left in it. Throws CatalogueError
   * `config.invalid` when others may enter it or it is not on tmpfs.
   */
  static async open(directory: string): Promise<PrivateFiles> {
    await privateDirectory(directory);
    const [found, system] = await Promise.all([lstat(directory), statfs(directory)]);
    // FENCE: nobody else may read or plant files here, and none of it may reach a disk.
    if (!found.isDirectory() || (found.mode & 0o077) !== 0 || found.uid !== process.getuid?.()) {
      throw unsafe(directory, 'it is not a directory of our own with mode 0700');
    }
    if (!memoryFileSystems.includes(system.type)) throw unsafe(directory, 'it is not on tmpfs');
    const left = (await readdir(directory)).filter((name) => ownFile.test(name));
    await Promise.all(left.map((name) => unlink(join(directory, name))));
    return new PrivateFiles(directory);
  }

  /** Opens the directory `name` under the first of the parents that is on tmpfs. Throws as `open`, or CatalogueError `config.invalid` when none is. */
  static async openUnder(parents: readonly string[], name: string): Promise<PrivateFiles> {
    for (const parent of parents) {
      const type = await statfs(parent).then(
        (found) => found.type,
        () => undefined,
      );
      if (type !== undefined && memoryFileSystems.includes(type)) return PrivateFiles.open(join(parent, name));
    }
    throw unsafe(parents.join(', '), 'none of them is on tmpfs');
  }

  /** Removes the directory, when nothing is lent. */
  async close(): Promise<void> {
    await rmdir(this.#directory);
  }

  /** Calls `use` with the path of a 0600 file that holds `content`; the file is gone when it resolves or rejects. */
  async lend<T>(content: Secret, use: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.#directory, `${randomUUID()}.conf`);
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content.reveal());
      await file.close();
      return await use(path);
    } finally {
      await unlink(path);
    }
  }
}

function unsafe(directory: string, why: string): CatalogueError {
  return new CatalogueError('config.invalid', `"${directory}" cannot hold private keys for a moment: ${why}`, {
    field: 'runDir',
    remedy: 'name a directory that does not exist yet under a tmpfs such as /run or /dev/shm',
  });
}
