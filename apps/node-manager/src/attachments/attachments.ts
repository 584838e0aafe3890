/** The attachments half of the node-manager: what routes, registration and status call. */
import type {
  AllocateInput,
  Allocation,
  AttachInput,
  Attachment,
  AttachmentKey,
  CheckInput,
  ClaimKeyInput,
  CollectInput,
  Collected,
  JoinPeer,
  NodeStatus,
} from '@wgcni/api';
import { CatalogueError, messageOf, SerialQueue } from '@wgcni/base';
import * as join from '../addresses/join.ts';
import type { DirectDevice } from '../direct/direct-device.ts';
import type { NodeView } from '../node-view.ts';
import { DeletionQueue } from '../queue/deletion-queue.ts';
import { waitingForMtu } from './align-mtu.ts';
import { attach } from './attach.ts';
import { check, unknownAttachment } from './check.ts';
import { collect } from './collect.ts';
import { type Core, directDevices, isOrphaned, shownOf } from './core.ts';
import type { AttachmentsDeps, RequestLimits } from './deps.ts';
import { openCore } from './open-core.ts';
import { takeView } from './reconcile.ts';
import { type AttachmentRecord, incarnationOf, keyText } from './record.ts';
import { release } from './release.ts';
import { rollBackReserved } from './roll-back.ts';
import { watchAttachments } from './watch.ts';

export interface AttachmentCounts {
  total: number;
  orphaned: number;
  adopted: number;
}

export interface DeletionWords {
  /** Helps only when the record was lost. */
  netns?: string;
  /** ISO instant: what was attached later stays. */
  queuedAt?: string;
  /** The boot in which that was; the present one when absent. */
  bootId?: string;
  /** The same instant on that boot's CLOCK_MONOTONIC; means nothing without `bootId`. */
  uptimeMs?: number;
  /** The ADD that is undone: what another one attached stays. */
  attempt?: string;
}

export class Attachments {
  readonly #core: Core;
  readonly #queue: DeletionQueue;
  readonly #views = new SerialQueue();
  /** Paths of record files that could not be read. */
  readonly quarantined: readonly string[];
  #isServing = false;

  private constructor(core: Core, quarantined: readonly string[]) {
    this.#core = core;
    this.quarantined = quarantined;
    this.#queue = new DeletionQueue(core);
    core.settleQueued = (key) => this.#queue.replayLocked(key);
  }

  /** Reads the records; changes nothing yet. */
  static async open(deps: AttachmentsDeps): Promise<Attachments> {
    const { core, quarantined } = await openCore(deps);
    return new Attachments(core, quarantined);
  }

  /**
   * Before anything is served: rolls back what is only reserved, takes the stored view when there is one (adopting the live pods
   * device and its peers), and replays queued deletions. ADD is refused until it has resolved.
   */
  async start(view: NodeView | undefined): Promise<void> {
    await rollBackReserved(this.#core);
    if (view !== undefined) await this.#takeStoredView(view);
    await this.#queue.replay();
    this.#isServing = true;
  }

  /** Keeps everything right until the signal aborts; leaves every tunnel as it is. */
  run(signal: AbortSignal): Promise<void> {
    return watchAttachments(this.#core, () => this.#queue.replay(), signal);
  }

  /** Takes a new view. Once it resolves, nothing of a subnet that the view lacks is in the kernel. */
  setView(view: NodeView): Promise<void> {
    return this.#views.run(() => takeView(this.#core, view));
  }

  /** ADD. */
  async attach(key: AttachmentKey, input: AttachInput, limits: RequestLimits): Promise<Attachment> {
    this.#refuseUntilStarted();
    const attached = await attach(this.#core, key, input, limits);
    this.#takeBackUnheard(key, limits.signal);
    return attached;
  }

  /**
   * The plugin has written the result: from now on a second ADD is an error. Throws CatalogueError `attachment.unknown`, also when another
   * ADD than `attempt` has made what is there.
   */
  answered(key: AttachmentKey, { attempt }: { attempt?: string } = {}): Promise<void> {
    return this.#core.locks.run(keyText(key), async () => {
      const record = this.#core.register.get(key);
      if (record === undefined || (attempt !== undefined && record.attempt !== attempt)) throw unknownAttachment(key);
      if (record.state === 'attached') await this.#core.register.put({ ...record, state: 'answered' });
      this.#core.deps.reach('answered/recorded');
    });
  }

  /** DEL. */
  async release(key: AttachmentKey, words: DeletionWords = {}): Promise<void> {
    const { netns, queuedAt, bootId, uptimeMs, attempt } = words;
    const monotonic = bootId === undefined || uptimeMs === undefined ? {} : { uptimeMs };
    const instant = { bootId: bootId ?? this.#core.bootId, ...monotonic };
    const queued = queuedAt === undefined ? {} : { queued: { queuedAt, ...instant } };
    const meant = attempt === undefined ? {} : { isMeant: (record: AttachmentRecord) => record.attempt === attempt };
    await release(this.#core, key, { ...(netns === undefined ? {} : { netns }), ...queued, ...meant });
  }

  /** CHECK. */
  check(key: AttachmentKey, input: CheckInput): Promise<void> {
    return check(this.#core, key, input);
  }

  /** GC of one network. */
  collect(network: string, input: CollectInput): Promise<Collected> {
    return collect(this.#core, network, input);
  }

  /** One attachment. Throws CatalogueError `attachment.unknown`. */
  get(key: AttachmentKey): Attachment {
    const record = this.#core.register.get(key);
    if (record === undefined) throw unknownAttachment(key);
    return shownOf(this.#core, record);
  }

  /** Every attachment, in the order of its key. */
  list(): Attachment[] {
    const shown = this.#core.register.all().map((record) => shownOf(this.#core, record));
    return shown.sort((one, other) => (keyText(one) < keyText(other) ? -1 : 1));
  }

  /** How many attachments there are, and how many of them need attention. */
  counts(): AttachmentCounts {
    const records = this.#core.register.all();
    const orphaned = records.filter((record) => isOrphaned(this.#core, record)).length;
    return { total: records.length, orphaned, adopted: records.filter(({ state }) => state === 'adopted').length };
  }

  /** The attachments whose device has not the network's MTU yet, each with why. */
  waitingForMtu(): NodeStatus['mtu']['waiting'] {
    return waitingForMtu(this.#core);
  }

  /** The devices that could have each other as peers, in the order in which they attached. */
  directDevices(): DirectDevice[] {
    return directDevices(this.#core);
  }

  /** Whether everything that runs on this node is known, so that no address is given twice. */
  get isAccounted(): boolean {
    return this.#core.isAccounted;
  }

  /** Whether anything, an attachment or a joined address, uses the node's subnets. */
  isEmpty(): boolean {
    return this.#core.register.all().length === 0 && this.#core.joined.all().length === 0;
  }

  /** How full each held subnet is. */
  addressUse(): { subnet: string; taken: number; free: string }[] {
    return this.#core.ledger.use();
  }

  /** How many deletions wait on disk. */
  queuedDeletions(): Promise<number> {
    return this.#queue.length();
  }

  /** PUT /v1/addresses/{name}: an address for someone who brings its own key. */
  async allocateAddress(name: string, input: AllocateInput): Promise<Allocation> {
    this.#refuseUntilStarted();
    return join.allocate(this.#core, name, input);
  }

  /** PUT /v1/addresses/{name}/key. */
  async claimKey(name: string, input: ClaimKeyInput): Promise<Allocation> {
    return join.claimKey(this.#core, name, input);
  }

  /** GET /v1/addresses/{name}/peers. */
  joinPeers(name: string): JoinPeer[] {
    return join.joinPeers(this.#core, name);
  }

  /** DELETE /v1/addresses/{name}. */
  releaseAddress(name: string): Promise<void> {
    return join.leave(this.#core, name);
  }

  /** GET /v1/addresses, in the order of the names. */
  listAddresses(): Allocation[] {
    const names = this.#core.joined.all().map(({ name }) => name);
    return names.sort().map((name) => join.shown(this.#core, name));
  }

  /** A kernel that refuses something now must not keep DEL and CHECK from being served; the watch tries again. */
  async #takeStoredView(view: NodeView): Promise<void> {
    try {
      await this.setView(view);
    } catch (error) {
      this.#core.deps.log.error({ error: messageOf(error) }, 'attachments.view-failed');
    }
  }

  /** The connection can close after the last step and before the answer has left: then nobody knows of the attachment. */
  #takeBackUnheard(key: AttachmentKey, closed: AbortSignal): void {
    const made = this.#core.register.get(key);
    if (made === undefined) return;
    const incarnation = incarnationOf(made);
    const isMeant = (record: AttachmentRecord): boolean =>
      record.state === 'attached' && incarnationOf(record) === incarnation;
    const takeBack = (): void =>
      void release(this.#core, key, { isMeant }).then(
        (isReleased) => isReleased && this.#core.deps.log.info({ ...key }, 'attachment.unheard'),
        (error: unknown) =>
          this.#core.deps.log.error({ ...key, error: messageOf(error) }, 'attachment.rollback-failed'),
      );
    if (closed.aborted) takeBack();
    else closed.addEventListener('abort', takeBack, { once: true });
  }

  #refuseUntilStarted(): void {
    if (this.#isServing) return;
    throw new CatalogueError(
      'node.unavailable',
      'the node-manager is starting: queued deletions are not replayed yet',
      {
        remedy: 'ask again in a second',
      },
    );
  }
}
