/** Replays deletions that the plugin queued while the node-manager was away; one that is older than the attachment is dropped. */
import type { AttachmentKey } from '@wgcni/api';
import { messageOf, removeFile } from '@wgcni/base';
import { decodeQueueEntry, inQueueOrder, mayConcern, writerOf } from '@wgcni/cni';
import { access, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Core } from '../attachments/core.ts';
import { keyText } from '../attachments/record.ts';
import { release, releaseLocked } from '../attachments/release.ts';

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
    await this.#replayWhere(() => true, release);
    await this.#removeUnfinished();
  }

  /** The same for the entries of one attachment, before it is added again; the caller holds its lock. */
  replayLocked(key: AttachmentKey): Promise<void> {
    const obey: typeof release = async (core, one, options = {}) => {
      // Two keys of one tag are possible; the other's lock is not held here.
      if (keyText(one) !== keyText(key)) throw new Error(`the entry is of ${keyText(one)}`);
      return releaseLocked(core, one, options);
    };
    return this.#replayWhere((name) => mayConcern(name, key), obey);
  }

  async #replayWhere(isMeant: (name: string) => boolean, obey: typeof release): Promise<void> {
    const { queueDir, log } = this.#core.deps;
    try {
      const names = (await this.#names()).filter(isMeant);
      for (const name of names) await this.#replayFile(join(queueDir, name), obey);
    } catch (error) {
      log.error({ queueDir, error: messageOf(error) }, 'queue.unreadable');
    }
  }

  async #replayFile(path: string, obey: typeof release): Promise<void> {
    try {
      await this.#replayText(path, await readFile(path, 'utf8'), obey);
    } catch (error) {
      // The plugin withdraws an entry when its second try of the socket succeeds.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#core.deps.log.warn({ path, error: messageOf(error) }, 'queue.replay-failed');
    }
  }

  async #replayText(path: string, text: string, obey: typeof release): Promise<void> {
    const entry = decodeQueueEntry(text);
    if (entry === undefined) {
      await rename(path, `${path}${rubbishSuffix}`);
      return this.#core.deps.log.error({ path }, 'queue.rubbish');
    }
    const { network, containerId, ifName, netns } = entry;
    const key = { network, containerId, ifName };
    const isObeyed = await obey(this.#core, key, { queued: entry, ...(netns === undefined ? {} : { netns }) });
    this.#core.deps.reach('replay/obeyed');
    // ORDER: the entry goes after its deletion is done; a crash in between repeats a DEL, which is harmless.
    await removeFile(path);
    this.#core.deps.reach('replay/removed');
    this.#core.deps.log.info(key, isObeyed ? 'queue.replayed' : 'queue.outdated');
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
