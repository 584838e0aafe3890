/** Replays deletions that the plugin queued while the node-manager was away; one that is older than the attachment is dropped. */
import type { AttachmentKey } from '@wgcni/api';
import { CatalogueError, messageOf, removeFile } from '@wgcni/base';
import { concerns, decodeQueueEntry, inQueueOrder, mayConcern, type QueueEntry, writerOf } from '@wgcni/cni';
import { access, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Core } from '../attachments/core.ts';
import { keyOf, keyText } from '../attachments/record.ts';
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

  /** Obeys or drops every entry, in the order of queueing; one that fails waits for the next time, as all do when the queue cannot be read. */
  async replay(): Promise<void> {
    const { queueDir, log } = this.#core.deps;
    try {
      for (const name of await this.#names()) await this.#replayFile(join(queueDir, name));
    } catch (error) {
      log.error({ queueDir, error: messageOf(error) }, 'queue.unreadable');
    }
    await this.#removeUnfinished();
  }

  /**
   * The same for the entries of one attachment, before it is added again; the caller holds its lock. Throws CatalogueError `try.again`
   * when one of them cannot be carried out: it would meet the new attachment, which may not be told from the one that it means.
   */
  async replayLocked(key: AttachmentKey): Promise<void> {
    const { queueDir } = this.#core.deps;
    try {
      for (const name of await this.#names()) if (mayConcern(name, key)) await this.#obey(join(queueDir, name), key);
    } catch (error) {
      throw new CatalogueError('try.again', `a queued deletion of ${keyText(key)} may wait: ${messageOf(error)}`, {
        remedy: `see what keeps the node-manager from carrying out the deletions in ${queueDir}, then add again`,
        cause: error,
      });
    }
  }

  async #replayFile(path: string): Promise<void> {
    try {
      const entry = await this.#read(path);
      if (entry === undefined) return;
      // ORDER: read again under the lock; an ADD that held it may have carried the entry out and made a new attachment.
      await this.#core.locks.run(keyText(entry), () => this.#obey(path, keyOf(entry)));
    } catch (error) {
      this.#core.deps.log.warn({ path, error: messageOf(error) }, 'queue.replay-failed');
    }
  }

  /** Carries out an entry when it is there and of `key`, whose lock the caller holds: two keys may share a tag. */
  async #obey(path: string, key: AttachmentKey): Promise<void> {
    const entry = await this.#read(path);
    if (entry === undefined || !concerns(entry, key)) return;
    const { netns } = entry;
    const words = { queued: entry, ...(netns === undefined ? {} : { netns }) };
    const isObeyed = await releaseLocked(this.#core, key, words);
    this.#core.deps.reach('replay/obeyed');
    // ORDER: the entry goes after its deletion is done; a crash in between repeats a DEL, which is harmless.
    await removeFile(path);
    this.#core.deps.reach('replay/removed');
    this.#core.deps.log.info(key, isObeyed ? 'queue.replayed' : 'queue.outdated');
  }

  /**
   * The entry in a file; undefined when there is none: the plugin withdraws an entry when its second try of the socket succeeds, and
   * rubbish is set aside.
   */
  async #read(path: string): Promise<QueueEntry | undefined> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const entry = decodeQueueEntry(text);
    if (entry !== undefined) return entry;
    await rename(path, `${path}${rubbishSuffix}`);
    this.#core.deps.log.error({ path }, 'queue.rubbish');
    return undefined;
  }

  /**
   * Removes what a plugin that was killed left half-written: its DEL was never answered. Should the writer live after all, in a process
   * namespace that we do not see, its DEL fails and is repeated.
   */
  async #removeUnfinished(): Promise<void> {
    const { queueDir, log } = this.#core.deps;
    try {
      for (const name of await this.#files()) {
        const writer = writerOf(name);
        if (writer === undefined || (await isProcess(writer))) continue;
        await removeFile(join(queueDir, name));
        log.warn({ path: join(queueDir, name) }, 'queue.unfinished-removed');
      }
    } catch (error) {
      log.error({ queueDir, error: messageOf(error) }, 'queue.unreadable');
    }
  }

  async #names(): Promise<string[]> {
    return inQueueOrder(await this.#files());
  }

  async #files(): Promise<string[]> {
    return readdir(this.#core.deps.queueDir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}

async function isProcess(pid: number): Promise<boolean> {
  return access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
}
