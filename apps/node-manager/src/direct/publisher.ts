/** Tells the cluster which containers other nodes may have as direct peers: the whole list, at most once a second, and nothing waits for it but the reuse of an address. */
import type { ManagerClient } from '@wgcni/api';
import { backoffMs, type Clock, type Log, type Random, toCatalogueError } from '@wgcni/base';
import { mostContainers } from '@wgcni/store';
import type { PublicKey } from '@wgcni/wg';
import { Pulse } from '../pulse.ts';
import { type PublishedContainer, type ShownList, StandingList } from './standing-list.ts';

type Manager = Pick<ManagerClient, 'putContainers'>;

/** Least time between two writes. */
const pauseMs = 1_000;
/** What nothing told of is looked at this often. */
const lookMs = 5_000;
/** Where the cluster has no room for all, it is asked again after so long, and up to so much more: many nodes ask. However often anything changes meanwhile. */
const askAgain = { afterMs: 30_000, jitterMs: 10_000 };
/** Other nodes follow the store, and take a peer out of their devices, within this. */
const graceMs = 3_000;
/** A container that is gone makes no handshake: after this nobody sends to it, told or not (farTimes.lifeMs, and a minute until a device is read). */
const longestMs = 240_000;
const retries = { firstMs: 500, maxMs: 10_000 };

export interface PublisherDeps {
  nodeId: string;
  instance: string;
  /** All that could be published, in the order in which they attached; none where the network wants none. */
  wanted: () => readonly PublishedContainer[];
  /** What the store has of this node, and at which revision; undefined before it was read. */
  shown: () => ShownList | undefined;
  /** Whether the network wants any. */
  isOn: () => boolean;
  isRegistered: () => boolean;
  clock: Clock;
  random: Random;
  log: Log;
}

export interface PublisherStatus {
  /** Known to other nodes. */
  published: number;
  /** For which there is no room, or that nobody has been told of yet. */
  unpublished: number;
}

export class ContainersPublisher {
  readonly #deps: PublisherDeps;
  readonly #pulse = new Pulse();
  readonly #list = new StandingList();
  /** Of the list that was asked for last the cluster took only the first. */
  #shortened: { text: string; published: number; askAgainAtMs: number } | undefined;
  /** What other nodes were told last, until we tell them otherwise: a store that lost it has told nobody. Undefined before the store was read. */
  #known: ReadonlySet<string> | undefined;
  /** Those that were there when this process began, which an earlier one may have told of; undefined before. */
  #atStart: ReadonlySet<string> | undefined;
  /** Keys that stood in the store, or were on their way there. */
  readonly #sent = new Set<string>();
  /** Of the last try, of which nobody knows whether it was made. */
  #doubted: ReadonlySet<string> = new Set();
  #writtenAtMs = -Infinity;
  #onPublished: () => void = () => {};
  #waiting: { publicKey: PublicKey; resolve: () => void }[] = [];
  #ended: AbortSignal | undefined;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** An attachment came, is leaving or is gone, or the view has changed. */
  changed(): void {
    this.#pulse.give();
  }

  /** Who is told that other nodes know other containers now. */
  onPublished(tell: () => void): void {
    this.#onPublished = tell;
  }

  /** Whether other nodes can know the container. Before the store was read nobody knows: what a run before has made then stays. */
  isPublished(publicKey: PublicKey): boolean {
    this.#learn();
    // Of what came since then nobody was told while the store is out of reach, so that its address is free when it leaves.
    return this.#known?.has(publicKey) ?? (this.#deps.isOn() && this.#atStart?.has(publicKey) !== false);
  }

  /** Undefined when no other node can know the container of that key; else it resolves when they were told that it is gone, and have followed. */
  withdrawn(publicKey: PublicKey): Promise<void> | undefined {
    if (!this.#sent.has(publicKey) && !this.isPublished(publicKey)) return undefined;
    return this.#withdrawn(publicKey);
  }

  status(): PublisherStatus {
    this.#learn();
    const wanted = this.#deps.wanted();
    const published = wanted.filter(({ publicKey }) => this.#known?.has(publicKey)).length;
    return { published, unpublished: wanted.length - published };
  }

  /** Runs until the signal aborts, and rejects with its reason. */
  async run(manager: Manager, signal: AbortSignal): Promise<never> {
    this.#ended = signal;
    const { clock, random } = this.#deps;
    this.#atStart = new Set(this.#deps.wanted().map(({ publicKey }) => publicKey));
    for (let failures = 0; ;) {
      if (failures === 0) await this.#nextLook(signal);
      const due = this.#due();
      this.#tell();
      if (due === undefined) {
        failures = 0;
        continue;
      }
      failures = (await this.#publish(manager, due, signal)) ? 0 : failures + 1;
      await clock.sleep(failures === 0 ? pauseMs : pauseMs + backoffMs(failures - 1, retries, random), signal);
      if (failures === 0) this.#pulse.give();
    }
  }

  async #nextLook(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const isTime = this.#deps.clock.sleep(lookMs, either);
    await Promise.race([this.#pulse.wait(either), isTime]).finally(() => over.abort(new Error('the look is due')));
  }

  /** What has to be written; undefined when the store has it, or nobody would take it. */
  #due(): PublishedContainer[] | undefined {
    if (!this.#deps.isRegistered()) return undefined;
    if (this.#deps.shown() === undefined) return undefined;
    const wanted = this.#deps.wanted().slice(0, mostContainers.ofNode);
    const [text, standing] = [textOf(wanted), this.#standing()];
    if (text === textOf(standing)) return undefined;
    const shortened = this.#shortened;
    const isShortened = shortened?.text === text && textOf(wanted.slice(0, standing.length)) === textOf(standing);
    return isShortened && this.#deps.clock.monotonicMs() < shortened.askAgainAtMs ? undefined : wanted;
  }

  async #publish(manager: Manager, containers: PublishedContainer[], signal: AbortSignal): Promise<boolean> {
    const { nodeId, instance, log } = this.#deps;
    // ORDER: before it is sent: an answer that is lost may have been a success.
    for (const { publicKey } of containers) this.#sent.add(publicKey);
    try {
      const { published, revision } = await manager.putContainers(nodeId, { instance, containers }, signal);
      const taken = containers.slice(0, published);
      this.#known = new Set(taken.map(({ publicKey }) => publicKey));
      [this.#doubted, this.#writtenAtMs] = [new Set(), this.#deps.clock.monotonicMs()];
      this.#list.wrote({ containers: taken, revision }, this.#writtenAtMs);
      this.#noteRoom(containers, published);
      this.#tell();
      this.#onPublished();
      return true;
    } catch (thrown) {
      signal.throwIfAborted();
      this.#doubted = new Set([...this.#doubted, ...containers.map(({ publicKey }) => publicKey)]);
      const { message: why, code } = toCatalogueError(thrown);
      log.warn({ why, code }, 'direct.not-published');
      return false;
    }
  }

  /** Told when it is another answer than the one before. */
  #noteRoom(containers: readonly PublishedContainer[], published: number): void {
    const { clock, random, log } = this.#deps;
    const [text, of, before] = [textOf(containers), containers.length, this.#shortened];
    const askAgainAtMs = clock.monotonicMs() + askAgain.afterMs + askAgain.jitterMs * random.unit();
    this.#shortened = published < of ? { text, published, askAgainAtMs } : undefined;
    if (before?.text === text && before.published === published) return;
    if (published < of) log.warn({ published, of }, 'direct.no-room');
    log.info({ containers: published }, 'direct.published');
  }

  /** What stands in the store, as far as it is known. */
  #standing(): readonly PublishedContainer[] {
    return this.#list.read(this.#deps.shown(), this.#deps.clock.monotonicMs());
  }

  async #withdrawn(publicKey: PublicKey): Promise<void> {
    const { clock } = this.#deps;
    const isTold = new Promise<void>((resolve) => this.#waiting.push({ publicKey, resolve }));
    this.changed();
    // Where the node ends meanwhile nothing is given any more.
    await Promise.race([isTold, clock.sleep(longestMs, this.#ended).catch(() => undefined)]);
    this.#waiting = this.#waiting.filter((one) => one.publicKey !== publicKey);
    await clock.sleep(graceMs, this.#ended).catch(() => undefined);
  }

  #learn(): void {
    const shown = this.#deps.shown();
    if (this.#known === undefined && shown !== undefined)
      this.#known = new Set(shown.containers.map(({ publicKey }) => publicKey));
  }

  #tell(): void {
    const wanted = new Set(this.#deps.wanted().map((one) => one.publicKey));
    const standing = new Set(this.#standing().map((one) => one.publicKey));
    const isTold = (key: string): boolean => ![wanted, standing, this.#doubted].some((keys) => keys.has(key));
    const told = this.#waiting.filter(({ publicKey }) => isTold(publicKey));
    this.#waiting = this.#waiting.filter((one) => !told.includes(one));
    for (const { resolve } of told) resolve();
    if (this.#deps.clock.monotonicMs() - this.#writtenAtMs < graceMs) return;
    for (const key of [...this.#sent].filter(isTold)) this.#sent.delete(key);
  }
}

function textOf(containers: readonly PublishedContainer[]): string {
  return JSON.stringify(containers.map(({ publicKey, port, addresses }) => [publicKey, port, addresses]));
}
