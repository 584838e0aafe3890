/** Replays deletions that the plugin queued while the node-manager was away; one that is older than the attachment is dropped. */
import { CatalogueError, messageOf, removeFile } from '@wgcni/base';
import { decodeQueueEntry, inQueueOrder, isOutdated, type QueueEntry } from '@wgcni/cni';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Core } from '../attachments/core.ts';
import { keyText } from '../attachments/record.ts';
import { releaseLocked } from '../attachments/release.ts';

/** What a file that is no entry is renamed to, so that it is told of once and kept. */
const rubbishSuffix = '.rubbish';

export class DeletionQueue {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** How many deletions wait. */
  async length(): Promise<number> {
    return (await this.#names()).length;
  }

  /** Obeys or drops every entry, in the order of queueing; one that fails waits for the next time. */
  async replay(): Promise<void> {
    for (const name of await this.#names()) {
      const path = join(this.#core.deps.queueDir, name);
      try {
        await this.#replayFile(path);
      } catch (error) {
        this.#core.deps.log.warn({ path, error: messageOf(error) }, 'queue.replay-failed');
      }
    }
  }

  async #replayFile(path: string): Promise<void> {
    const entry = decodeQueueEntry(await readFile(path, 'utf8'));
    if (entry === undefined) {
      await rename(path, `${path}${rubbishSuffix}`);
      return this.#core.deps.log.error({ path }, 'queue.rubbish');
    }
    const isObeyed = await this.#obey(entry);
    // ORDER: the entry goes after its deletion is done; a crash in between repeats a DEL, which is harmless.
    await removeFile(path);
    const { network, containerId, ifName } = entry;
    this.#core.deps.log.info({ network, containerId, ifName }, isObeyed ? 'queue.replayed' : 'queue.outdated');
  }

  /** False when the container was added again since. */
  #obey(entry: QueueEntry): Promise<boolean> {
    const { network, containerId, ifName, netns } = entry;
    const key = { network, containerId, ifName };
    return this.#core.locks.run(keyText(key), async () => {
      const record = this.#core.register.get(key);
      // FENCE: compared under the lock; a deletion queued before this attachment was made must not kill it.
      if (record !== undefined && isOutdated(entry, record, this.#core.bootId)) return false;
      await releaseLocked(this.#core, key, netns);
      return true;
    });
  }

  async #names(): Promise<string[]> {
    try {
      return inQueueOrder(await readdir(this.#core.deps.queueDir));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new CatalogueError(
        'io.failed',
        `the queue ${this.#core.deps.queueDir} cannot be read: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }
}
