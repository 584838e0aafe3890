/** This node's registration: made, renewed every third of its TTL, made again when it is gone, given up when another has it. */
import type { ManagerClient } from '@wgcni/api';
import { backoffMs, type CatalogueError, type Clock, type Log, type Random, toCatalogueError } from '@wgcni/base';
import type { Pulse } from '../pulse.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { afterRefusedRegistration, afterRefusedRenewal } from './answers.ts';
import type { ContactKeeper } from './contact-keeper.ts';
import type { Underlay } from './endpoints.ts';
import type { Standing, StandingBoard } from './standing.ts';

export interface SessionDeps {
  nodeId: string;
  instance: string;
  version: string;
  takeOver: boolean;
  publicKey: string;
  manager: Pick<ManagerClient, 'register' | 'renew' | 'release'>;
  keeper: ViewKeeper;
  contact: ContactKeeper;
  /** The underlay as it is now. */
  findUnderlay: () => Promise<Underlay>;
  attachments: { counts(): { total: number }; isEmpty(): boolean };
  /** Resolves once the kernel holds nothing of what the view lacks. */
  settle: () => Promise<void>;
  /** Records that the node was deleted. */
  recordDeleted: () => Promise<void>;
  /** Where the session writes how the node stands, for whoever asks. */
  board: StandingBoard;
  /** Given when the underlay may have changed or the last attachment is gone: the session looks at once. */
  pulse: Pulse;
  clock: Clock;
  random: Random;
  log: Log;
}

/** The schema number that this version can read. */
const readableSchema = 1;
const retries = { firstMs: 100, maxMs: 1_500 };
/** A draining node gives its subnets back this long after it began to refuse ADDs, so that none is under way. */
const quietMs = 1_000;

export class RegistrationSession {
  readonly #deps: SessionDeps;
  readonly #pulse: Pulse;
  readonly #board: StandingBoard;
  #hasRegistered = false;
  #published = '';
  #drainingSince: number | undefined;
  #isRenewalDue = false;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#pulse = deps.pulse;
    this.#board = deps.board;
  }

  /** Renews at once: the store does not show what this node holds. */
  renewSoon(): void {
    if (this.#board.standing.kind !== 'registered') return;
    this.#isRenewalDue = true;
    this.#pulse.give();
  }

  /** Runs until the signal aborts, or until the node is deleted or superseded and has said all it had to. */
  async run(signal: AbortSignal): Promise<void> {
    while (this.#board.standing.kind !== 'deleted') {
      const ttlMs = await this.#register(signal);
      const end = ttlMs === undefined ? 'deleted' : await this.#renewUntilGone(ttlMs, signal);
      if (end === 'superseded') return this.#giveUp();
      if (end === 'deleted') await this.#beDeleted();
    }
    await this.#confirmEvacuation(signal);
  }

  /** Registers, however long it takes; resolves with the TTL in milliseconds, or undefined when the node was deleted. */
  async #register(signal: AbortSignal): Promise<number | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#registerOnce(signal);
      if (answer.kind === 'registered') return answer.ttlMs;
      if (answer.kind === 'deleted') return undefined;
      await this.#pause(attempt, signal);
    }
  }

  async #registerOnce(
    signal: AbortSignal,
  ): Promise<{ kind: 'registered'; ttlMs: number } | { kind: 'deleted' | 'again' }> {
    const { keeper, contact, manager, nodeId, log } = this.#deps;
    try {
      const underlay = await this.#deps.findUnderlay();
      if (underlay.kind === 'none') return this.#wait({ kind: 'starting', why: `${underlay.why}: ${underlay.remedy}` });
      const sentAt = contact.instant();
      const answer = await manager.register(nodeId, this.#input(underlay), signal);
      await keeper.take(answer);
      await contact.touch(sentAt);
      this.#published = JSON.stringify(underlay);
      this.#hasRegistered = true;
      this.#stand({ kind: 'registered' });
      this.#noteDraining(answer.draining);
      log.info({ nodeId, subnets: answer.subnets, endpoints: underlay.endpoints }, 'registration.made');
      return { kind: 'registered', ttlMs: answer.ttlSec * 1_000 };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toCatalogueError(thrown);
      const step = afterRefusedRegistration(error);
      if (step === 'deleted') return { kind: 'deleted' };
      if (step === 'duplicate') await this.#fenceOff(error);
      return this.#wait(step === 'duplicate' ? this.#duplicate(error) : { kind: 'unreachable', why: error.message });
    }
  }

  #input(underlay: Extract<Underlay, { kind: 'found' }>): Parameters<ManagerClient['register']>[1] {
    const { keeper, instance, publicKey, version, takeOver } = this.#deps;
    const { network, grants, revision } = keeper.view;
    return {
      instance,
      publicKey,
      endpoints: underlay.endpoints,
      held: grants,
      ...(network === null ? {} : { networkId: network.networkId, meshRevision: revision }),
      underlayMtu: underlay.mtu,
      version,
      readableSchema,
      // FENCE: said once; an instance that registers again never takes over from the one that took over from it.
      ...(takeOver && !this.#hasRegistered ? { takeOver } : {}),
    };
  }

  async #renewUntilGone(ttlMs: number, signal: AbortSignal): Promise<'register' | 'superseded' | 'deleted'> {
    const { clock, random } = this.#deps;
    let [everyMs, failures] = [ttlMs / 3, 0];
    let dueAt = clock.monotonicMs() + everyMs;
    for (;;) {
      const waitMs = failures === 0 ? dueAt - clock.monotonicMs() : backoffMs(failures - 1, retries, random);
      await this.#pulse.wait(signal, Math.max(0, waitMs));
      if (await this.#hasMoved()) return 'register';
      if (await this.#giveBackDrained(signal)) continue;
      if (this.#needsGrants()) return 'register';
      if (failures === 0 && clock.monotonicMs() < dueAt && !this.#isRenewalDue) continue;
      this.#isRenewalDue = false;
      const sentAt = clock.monotonicMs();
      const answer = await this.#renewOnce(signal);
      if (typeof answer === 'string' && answer !== 'retry') return answer;
      failures = answer === 'retry' ? failures + 1 : 0;
      if (answer !== 'retry') everyMs = answer.ttlMs / 3;
      dueAt = sentAt + everyMs;
      if (this.#needsGrants()) return 'register';
    }
  }

  async #renewOnce(signal: AbortSignal): Promise<{ ttlMs: number } | 'retry' | 'register' | 'superseded' | 'deleted'> {
    const { keeper, contact, manager, nodeId, instance, attachments, log } = this.#deps;
    const { grants, leaving, revision } = keeper.view;
    const grantIds = [...grants, ...leaving].map(({ grantId }) => grantId);
    try {
      // ORDER: the instant before sending is what the answer proves (design §4.11).
      const sentAt = contact.instant();
      const input = { instance, grantIds, attachments: attachments.counts().total, meshRevision: revision };
      const answer = await manager.renew(nodeId, input, signal);
      await contact.touch(sentAt);
      this.#stand({ kind: 'registered' });
      this.#noteDraining(answer.draining);
      return { ttlMs: answer.ttlSec * 1_000 };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toCatalogueError(thrown);
      const step = afterRefusedRenewal(error);
      if (step === 'superseded') this.#stand({ kind: 'superseded', why: this.#duplicate(error).why });
      else if (step === 'register') log.warn({ why: error.message }, 'registration.gone');
      else if (step === 'retry') this.#stand({ kind: 'unreachable', why: error.message });
      return step === 'duplicate' ? 'superseded' : step;
    }
  }

  /** Whether what was published of the underlay is not so any more. */
  async #hasMoved(): Promise<boolean> {
    const underlay = await this.#deps.findUnderlay();
    return underlay.kind === 'found' && JSON.stringify(underlay) !== this.#published;
  }

  /** A node that drains no more has to ask for subnets; those it was about to give back it gets back. */
  #needsGrants(): boolean {
    return this.#drainingSince === undefined && this.#deps.keeper.view.grants.length === 0;
  }

  /** Gives the subnets back once the last attachment of a draining node is gone; true when something was given back. */
  async #giveBackDrained(signal: AbortSignal): Promise<boolean> {
    const { keeper, attachments, clock } = this.#deps;
    const isQuiet = this.#drainingSince !== undefined && clock.monotonicMs() - this.#drainingSince >= quietMs;
    if (isQuiet && attachments.isEmpty() && keeper.view.grants.length > 0) await keeper.surrender();
    return keeper.view.leaving.length > 0 && (await this.#confirmOnce(signal));
  }

  /** Says that the leaving grants are not used any more. ORDER: after the kernel has forgotten them. */
  async #confirmOnce(signal: AbortSignal): Promise<boolean> {
    const { keeper, manager, nodeId, instance, log } = this.#deps;
    const { leaving } = keeper.view;
    if (leaving.length === 0) return true;
    try {
      await this.#deps.settle();
      await manager.release(nodeId, { instance, grantIds: leaving.map(({ grantId }) => grantId) }, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toCatalogueError(thrown);
      log.warn({ why: error.message, code: error.code }, 'grants.release-refused');
      // It drains no more: the next renewal says so.
      if (error.code === 'node.in-use') this.#isRenewalDue = true;
      // Whoever knows nothing of these grants need not be told again.
      if (error.retryable && error.code !== 'registration.gone') return false;
    }
    await keeper.forgetLeaving(leaving);
    log.info({ subnets: leaving }, 'grants.released');
    return true;
  }

  async #confirmEvacuation(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !(await this.#confirmOnce(signal)); attempt += 1) await this.#pause(attempt, signal);
  }

  async #beDeleted(): Promise<void> {
    this.#stand({ kind: 'deleted' });
    await this.#deps.recordDeleted();
    await this.#deps.keeper.surrender();
  }

  async #giveUp(): Promise<void> {
    // FENCE: the other instance owns the node id now; this one gives out nothing, also after a restart (design §4.10).
    await this.#deps.contact.fence();
  }

  /** Another instance is alive: what contact this one had says nothing any more. */
  async #fenceOff(error: CatalogueError): Promise<void> {
    if (this.#deps.contact.ageMs() === undefined) return;
    this.#deps.log.error({ why: error.message }, 'node.fenced');
    await this.#deps.contact.fence();
  }

  #duplicate(error: CatalogueError): { kind: 'duplicate'; why: string } {
    const { nodeId } = this.#deps;
    const remedy = `if that instance is gone for good, wait until its registration lapses or start with --take-over; if two machines are called ${nodeId}, give this one another --node-id`;
    return {
      kind: 'duplicate',
      why: `another instance is registered as node "${nodeId}" (${error.message}): ${remedy}`,
    };
  }

  #wait(standing: Standing): { kind: 'again' } {
    this.#stand(standing);
    return { kind: 'again' };
  }

  #noteDraining(isDraining: boolean): void {
    if (isDraining === this.#board.isDraining) return;
    this.#board.isDraining = isDraining;
    this.#drainingSince = isDraining ? this.#deps.clock.monotonicMs() : undefined;
    this.#deps.log.info({}, isDraining ? 'node.draining' : 'node.undrained');
  }

  #stand(standing: Standing): void {
    const isNews = JSON.stringify(standing) !== JSON.stringify(this.#board.standing);
    this.#board.standing = standing;
    if (isNews) this.#deps.log[standing.kind === 'registered' ? 'info' : 'warn'](standing, 'registration.standing');
  }

  /** Waits before the next try, or less when there is something new to see. */
  async #pause(attempt: number, signal: AbortSignal): Promise<void> {
    await this.#pulse.wait(signal, backoffMs(attempt, retries, this.#deps.random));
  }
}
