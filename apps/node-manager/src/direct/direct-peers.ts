/**
 * Keeps the direct peers of the containers' devices: reads what a device holds once, knows it from then on, and takes one step after the
 * other. Nothing waits for it but the reuse of an address.
 */
import { type Clock, type Log, messageOf } from '@wgcni/base';
import type { PeerChange, PublicKey, WgDevices } from '@wgcni/wg';
import type { DirectDevice } from './direct-device.ts';
import type { FarContainer } from './far-containers.ts';
import { FarPairs, type FarState } from './far-pairs.ts';
import { afterChanges, type HeldPeers, heldPeersOf } from './held-peers.ts';
import { inTurn } from './in-turn.ts';
import { awaited, countPairs, type DirectState, type DirectStep, nextStep, waveOf } from './plan-direct.ts';
import type { Now } from './plan-far.ts';

/** A device answers in milliseconds; one that does not is left alone until it has. */
const patienceMs = 1_000;
/** A handshake over loopback takes less; each further look comes after twice the time. */
const pollMs = 25;
const longestPollMs = 200;
/** What has not met by then is looked at again with the next run; containers of other nodes, of which some may never answer, keep a run no longer than this. */
const meetingMs = 1_000;
/** So many devices are read at once: in the kernel by a process each. */
const hands = 4;
/** Some devices are read back this often, and every one after so many times: within a minute. */
const readBack = { everyMs: 2_000, times: 30 };
/** Of those that listen for a container of another node, so many are read each time beside: the way may be barred for ever. */
const listeners = 8;

export interface DirectPeersDeps {
  devices: Pick<WgDevices, 'observe' | 'changeEach'>;
  /** The public key of the node's own device, which every container's device has as a peer. */
  node: PublicKey;
  /** Every device at this instant; none is a peer while direct peers are off. */
  current: () => readonly DirectDevice[];
  /** Other nodes' containers that may be peers of those that are published; absent: none. */
  far?: () => readonly FarContainer[];
  /** Told when an attachment came, is leaving or is gone. */
  onChanged?: () => void;
  /** Undefined when no other node can know the container of that key; else it resolves when none sends to it any more. */
  withdrawn?: (publicKey: PublicKey) => Promise<void> | undefined;
  clock: Clock;
  log: Log;
  /** Told how many devices were found to lack a peer, or to have one too many. */
  differed?: (count: number) => void;
}

export interface DirectStatus {
  /** Pairs that send past the node. */
  pairs: number;
  /** Pairs that are to, but do not yet. */
  due: number;
  /** The same of pairs with containers of other nodes. */
  farPairs: number;
  farDue: number;
}

export class DirectPeers {
  readonly #deps: DirectPeersDeps;
  readonly #held = new Map<PublicKey, HeldPeers>();
  /** Devices that something is asked of, or that have not answered yet. */
  readonly #far: FarPairs;
  readonly #busy = new Set<PublicKey>();
  /** To be read, whatever is known of them. */
  readonly #doubted = new Set<PublicKey>();
  #plan: { ground: string; step: DirectStep } | undefined;
  /** Whether a device has become unknown, or was read, since the plan. */
  #isDoubtful = false;
  #hasRun = false;
  #readBackFrom = 0;
  #readBackAtMs = 0;
  #listenFrom = 0;
  /** What devices that are not known may hold: what they held when they were, and what was added since; none for one that was never read. */
  readonly #feared = new Map<PublicKey, ReadonlySet<PublicKey>>();
  #waiting: { publicKey: PublicKey; resolve: () => void; runs: number }[] = [];
  #wake: () => void = () => {};
  #stir: () => void = () => {};

  constructor(deps: DirectPeersDeps) {
    this.#deps = deps;
    this.#far = new FarPairs(deps.clock);
  }

  /** Who is told that there may be something to do. */
  onChange(wake: () => void): void {
    this.#wake = wake;
  }

  /** An attachment came, is leaving or is gone. */
  changed(): void {
    this.#stir();
    this.#wake();
    this.#deps.onChanged?.();
  }

  /**
   * Takes every step that can be taken now, and those with containers of other nodes that fall due within a second; one call at a time. A device that fails is
   * tried again with the next call, and what is left wakes the next.
   */
  async reconcile(): Promise<void> {
    this.#doubtSome();
    const tried = new Set<PublicKey>();
    const { clock } = this.#deps;
    let lastAt: Now | undefined;
    for (let steppedAt = clock.monotonicMs(); ;) {
      await this.#learn(tried);
      const state = this.#state();
      const near: DirectStep | undefined = this.#planned(state);
      const isOver = near === undefined && clock.monotonicMs() - steppedAt > meetingMs;
      // What is due with other nodes when the time is over is still done; while a way is barred something always falls due later: that is for the next run.
      if (isOver) lastAt ??= this.#far.now();
      const step: DirectStep | undefined = near ?? this.#farStep(lastAt);
      if (step !== undefined) await this.#take(step, state.devices);
      else if (isOver || !(await this.#awaitMeeting(state, steppedAt))) break;
      if (near !== undefined) [steppedAt, lastAt] = [clock.monotonicMs(), undefined];
    }
    this.#hasRun = true;
    this.#tellRemembered();
    if (this.#far.looks(this.#farState()).size > 0) this.#wake();
  }

  /**
   * Undefined when no device can have `publicKey` as a peer; else it resolves when none can any more. A device that could not be read has
   * whom it had, until it is read or gone. Other nodes' devices are not asked: they were told, and had the time to follow.
   */
  forgotten(publicKey: PublicKey): Promise<void> | undefined {
    const far = this.#deps.withdrawn?.(publicKey);
    if (this.#holders(publicKey).length === 0) return far;
    const near = new Promise<void>((resolve) => this.#waiting.push({ publicKey, resolve, runs: 0 }));
    return far === undefined ? near : Promise.all([near, far]).then(() => undefined);
  }

  /** As far as it is known without asking the devices. */
  status(): DirectStatus {
    const { direct, wanted } = countPairs(this.#state());
    const far = this.#far.count(this.#farState());
    return { pairs: direct, due: wanted - direct, farPairs: far.direct, farDue: far.wanted - far.direct };
  }

  #state(): DirectState {
    const far = new Set((this.#deps.far?.() ?? []).map(({ publicKey }) => publicKey));
    return { devices: this.#deps.current(), held: this.#held, far };
  }

  #farState(): FarState {
    return { devices: this.#deps.current(), held: this.#held, far: this.#deps.far?.() ?? [] };
  }

  /** The rest of what was planned before, while nothing has come, gone or become unknown since; else a new plan. */
  #planned(state: DirectState): DirectStep | undefined {
    const ground = state.devices
      .map(({ publicKey, isPeer }) => `${publicKey} ${isPeer} ${state.held.has(publicKey)}`)
      .join();
    const last = this.#plan;
    const rest = last?.ground === ground && !this.#isDoubtful ? waveOf(last.step.kind, last.step.left) : undefined;
    const step = rest ?? nextStep(state);
    this.#isDoubtful = false;
    this.#plan = step === undefined ? undefined : { ground, step };
    return step;
  }

  /** Of what is due at `now`. */
  #farStep(now: Now | undefined): DirectStep | undefined {
    const changes = this.#far.step(this.#farState(), now);
    return changes === undefined ? undefined : { kind: 'far', changes, left: [] };
  }

  /** What somebody else changed is found by reading some devices now and then; with direct peers off there is nothing to keep. */
  #doubtSome(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#readBackAtMs < readBack.everyMs) return;
    this.#readBackAtMs = nowMs;
    const devices = this.#deps.current().filter(({ isPeer }) => isPeer);
    const count = Math.ceil(devices.length / readBack.times);
    for (let step = 0; step < count; step += 1) {
      const device = devices[(this.#readBackFrom += 1) % devices.length];
      if (device !== undefined) this.#doubted.add(device.publicKey);
    }
    const listening = this.#far.listening(this.#farState());
    for (let step = 0; step < Math.min(listening.length, listeners); step += 1) {
      const publicKey = listening[(this.#listenFrom += 1) % listening.length];
      if (publicKey !== undefined) this.#doubted.add(publicKey);
    }
  }

  /** Forgets what is gone and reads what is not known, each once in a run. */
  async #learn(tried: Set<PublicKey>): Promise<void> {
    const current = this.#deps.current();
    const live = new Set(current.map(({ publicKey }) => publicKey));
    const remembered = [...this.#held.keys(), ...this.#doubted, ...this.#feared.keys()];
    for (const publicKey of remembered.filter((one) => !live.has(one))) {
      this.#held.delete(publicKey);
      this.#doubted.delete(publicKey);
      this.#feared.delete(publicKey);
    }
    const isUnread = (key: PublicKey): boolean => !this.#held.has(key) || this.#doubted.has(key);
    const unread = current.filter(({ publicKey }) => isUnread(publicKey) && !tried.has(publicKey));
    // A device that was made while direct peers are off holds none, and an ADD starts no process more than without them.
    const isBare = ({ publicKey, isPeer }: DirectDevice): boolean =>
      !isPeer && this.#hasRun && !this.#doubted.has(publicKey);
    for (const { publicKey } of unread.filter(isBare)) this.#held.set(publicKey, new Map());
    const toRead = unread.filter((device) => !isBare(device));
    for (const { publicKey } of toRead) tried.add(publicKey);
    await inTurn(toRead, hands, (device) => this.#read(device));
    this.#tellForgotten();
  }

  async #read(device: DirectDevice): Promise<void> {
    const { publicKey, ref } = device;
    const seen = await this.#ask(device, async () => ({ state: await this.#deps.devices.observe(ref) }));
    this.#doubt(publicKey);
    this.#far.looked(publicKey);
    if (seen === undefined) return;
    const { state } = seen;
    // It is gone; with another key it was made anew, and its record is about to tell.
    if (state?.publicKey !== publicKey) return void this.#feared.set(publicKey, new Set());
    this.#held.set(publicKey, heldPeersOf(state.peers, this.#deps.node));
    this.#feared.delete(publicKey);
    this.#doubted.delete(publicKey);
  }

  async #take({ kind, changes }: DirectStep, devices: readonly DirectDevice[]): Promise<void> {
    const byKey = new Map(devices.map((device) => [device.publicKey, device]));
    const each = [...changes].flatMap(([publicKey, ofDevice]) => {
      const device = byKey.get(publicKey);
      if (device !== undefined && !this.#busy.has(publicKey)) return [{ device, ref: device.ref, changes: ofDevice }];
      this.#doubt(publicKey);
      return [];
    });
    // A call to another node that may not answer is no difference.
    if (kind !== 'far') this.#deps.differed?.(changes.size);
    // ORDER: all of a step at once, since the two sides of a pair must not differ for long.
    const made = this.#deps.devices.changeEach(each);
    await Promise.all(each.map((one, index) => this.#note(one.device, one.changes, made[index] ?? Promise.resolve())));
    this.#deps.log.debug({ step: kind, devices: changes.size }, 'direct.step');
    this.#tellForgotten();
  }

  /** What is held once the change is made. */
  async #note(device: DirectDevice, changes: readonly PeerChange[], made: Promise<void>): Promise<void> {
    const { publicKey } = device;
    const before = this.#held.get(publicKey);
    const isMade = await this.#ask(device, () => made.then(() => true as const));
    if (isMade === true && before !== undefined) {
      this.#held.set(publicKey, afterChanges(before, changes));
      return;
    }
    // Whether a change that failed or is late was made is not known.
    this.#doubt(
      publicKey,
      changes.map((change) => (change.kind === 'add' ? change.peer.publicKey : change.publicKey)),
    );
  }

  /** What a device holds is not known any more. */
  #doubt(publicKey: PublicKey, added: readonly PublicKey[] = []): void {
    const before = this.#held.get(publicKey)?.keys() ?? this.#feared.get(publicKey);
    if (before !== undefined) this.#feared.set(publicKey, new Set([...before, ...added]));
    this.#held.delete(publicKey);
    this.#doubted.add(publicKey);
    this.#isDoubtful = true;
  }

  /** What the device answers; undefined when it fails or takes too long, and while it has not answered what it was asked before. */
  async #ask<T>({ ref, publicKey }: DirectDevice, question: () => Promise<T>): Promise<T | undefined> {
    if (this.#busy.has(publicKey)) return undefined;
    const { clock, log } = this.#deps;
    this.#busy.add(publicKey);
    const ended = new AbortController();
    const isLate = clock.sleep(patienceMs, ended.signal).then(
      () => undefined,
      () => undefined,
    );
    const answer = question()
      .catch((error: unknown) => void log.warn({ device: ref.id, error: messageOf(error) }, 'direct.device-failed'))
      .finally(() => this.#busy.delete(publicKey));
    try {
      return await Promise.race([answer, isLate]);
    } finally {
      ended.abort();
    }
  }

  /** Waits a moment for handshakes and looks whether there was one; false when there is none to wait for. */
  async #awaitMeeting(state: DirectState, since: number): Promise<boolean> {
    const [near, far] = [new Set(awaited(state)), this.#far.looks(this.#farState())];
    if (near.size + far.size === 0) return false;
    const { clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const nearMs = near.size === 0 ? meetingMs : Math.min(longestPollMs, Math.max(pollMs, nowMs - since));
    const pauseMs = Math.min(nearMs, ...[...far.values()].map((atMs) => atMs - nowMs));
    await this.#pause(Math.max(0, pauseMs));
    const isDue = (key: PublicKey): boolean => near.has(key) || (far.get(key) ?? Infinity) <= clock.monotonicMs();
    await inTurn(
      state.devices.filter(({ publicKey }) => isDue(publicKey)),
      hands,
      (device) => this.#read(device),
    );
    return true;
  }

  /** Shorter when something changes: who leaves is still among the others' peers. */
  async #pause(ms: number): Promise<void> {
    const ended = new AbortController();
    const isOver = this.#deps.clock.sleep(ms, ended.signal).catch(() => undefined);
    await Promise.race([isOver, new Promise<void>((resolve) => (this.#stir = resolve))]);
    ended.abort();
  }

  /** The devices that have, or may have, `publicKey` as a peer. */
  #holders(publicKey: PublicKey): DirectDevice[] {
    return this.#deps.current().filter((device) => {
      const held = this.#held.get(device.publicKey) ?? this.#feared.get(device.publicKey);
      // With direct peers off, what was never read holds back no address: it is read at once, and all that it holds is then taken from it.
      return held === undefined ? device.isPeer : held.has(publicKey);
    });
  }

  /** Once for each that a whole run did not change: a device that does not answer keeps an address from being given again. */
  #tellRemembered(): void {
    for (const one of this.#waiting) {
      one.runs += 1;
      if (one.runs !== 2) continue;
      const by = this.#holders(one.publicKey).map(({ ref }) => ref.id);
      this.#deps.log.warn({ publicKey: one.publicKey, by }, 'direct.remembered');
    }
  }

  #tellForgotten(): void {
    if (this.#waiting.length === 0) return;
    const told = this.#waiting.filter(({ publicKey }) => this.#holders(publicKey).length === 0);
    this.#waiting = this.#waiting.filter((one) => !told.includes(one));
    for (const { resolve } of told) resolve();
  }
}
