/** This node's registration: made, renewed every third of its TTL, made again when it is gone, given up when another has it. */
import type { ManagerClient, Renewal } from '@wgcni/api';
import { backoffMs, type CatalogueError, type Clock, messageOf, type Random, toCatalogueError } from '@wgcni/base';
import type { Pulse } from '../pulse.ts';
import { afterRefusedRegistration, afterRefusedRenewal } from './answers.ts';
import type { ContactKeeper } from './contact-keeper.ts';
import type { Underlay } from './endpoints.ts';
import { type GrantReturnDeps, returnGrants } from './grant-return.ts';
import type { Life } from './identity.ts';
import { registrationInput } from './registration-input.ts';
import { duplicateWords, type Standing, type StandingBoard } from './standing.ts';

export interface SessionDeps extends GrantReturnDeps {
  version: string;
  takeOver: boolean;
  publicKey: string;
  /** CIDRs behind this node that it offers to the mesh, as they are said now. */
  offers: () => readonly string[];
  manager: Pick<ManagerClient, 'register' | 'renew' | 'release'>;
  contact: ContactKeeper;
  /** The underlay as it is now. */
  findUnderlay: () => Promise<Underlay>;
  attachments: { counts(): { total: number }; isEmpty(): boolean };
  /** What the data directory remembers of earlier runs. */
  life: Life;
  /** Records what happened to this instance, durably. */
  recordLife: (change: Partial<Life>) => Promise<void>;
  /** Where the session writes how the node stands, for whoever asks. */
  board: StandingBoard;
  /** Given when the underlay may have changed or the last attachment is gone: the session looks at once. */
  pulse: Pulse;
  /** Told which authority issues now, by each renewal. */
  certificates?: { noteIssuer(digest: string | null, ttlSec: number): void } | undefined;
  /** Told which report of this node the replica has that answered. */
  reporter?: { noteKept(renewal: Pick<Renewal, 'hasReport' | 'report'>): void } | undefined;
  clock: Clock;
  random: Random;
}

/** How taking part ends for good. */
type End = 'superseded' | 'deleted';

const retries = { firstMs: 100, maxMs: 1_500 };
/** A draining node gives its subnets back this long after it began to refuse ADDs, so that none is under way. */
const quietMs = 1_000;

export class RegistrationSession {
  readonly #deps: SessionDeps;
  readonly #pulse: Pulse;
  readonly #board: StandingBoard;
  /** Whether this instance was registered once, now or in an earlier run: another one that is registered came after it. */
  #isKnown: boolean;
  #hasTakenOver = false;
  #published = '';
  #missed = '';
  #drainingSince: number | undefined;
  #isRenewalDue = false;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#pulse = deps.pulse;
    this.#board = deps.board;
    this.#isKnown = deps.life.hasRegistered;
  }

  /** Renews at once: the store does not show what this node holds. */
  renewSoon(): void {
    if (this.#board.standing.kind !== 'registered') return;
    this.#isRenewalDue = true;
    this.#pulse.give();
  }

  /** Runs until the signal aborts, or until the node is deleted or superseded and has said all it had to. */
  async run(signal: AbortSignal): Promise<void> {
    const { isDeleted, isSuperseded } = this.#deps.life;
    const before = isDeleted ? 'deleted' : isSuperseded ? 'superseded' : undefined;
    const end = before ?? (await this.#takePart(signal));
    return end === 'deleted' ? this.#beDeleted(signal) : this.#beSuperseded(signal);
  }

  async #takePart(signal: AbortSignal): Promise<End> {
    for (;;) {
      const registered = await this.#register(signal);
      const end = typeof registered === 'string' ? registered : await this.#renewUntilGone(registered.ttlMs, signal);
      if (end !== 'register') return end;
    }
  }

  /** Registers, however long it takes; resolves with the TTL, or with the end when another instance or nobody may. */
  async #register(signal: AbortSignal): Promise<{ ttlMs: number } | End> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#registerOnce(signal);
      if (answer !== 'again') return answer;
      await this.#pause(attempt, signal);
    }
  }

  async #registerOnce(signal: AbortSignal): Promise<{ ttlMs: number } | End | 'again'> {
    const { keeper, contact, manager, nodeId, log } = this.#deps;
    try {
      const underlay = await this.#deps.findUnderlay();
      if (underlay.kind === 'none') return this.#wait({ kind: 'starting', why: `${underlay.why}: ${underlay.remedy}` });
      const self = { ...this.#deps, offers: this.#deps.offers() };
      const sentAt = contact.instant();
      // FENCE: said once; an instance that registers again never takes over from the one that took over from it.
      const takesOver = this.#deps.takeOver && !this.#hasTakenOver;
      const answer = await manager.register(nodeId, registrationInput(self, underlay, takesOver), signal);
      await keeper.take(answer);
      if (!this.#isKnown) await this.#deps.recordLife({ hasRegistered: true });
      await contact.touch(sentAt);
      this.#published = JSON.stringify([underlay, self.offers]);
      [this.#isKnown, this.#hasTakenOver] = [true, true];
      this.#stand({ kind: 'registered' });
      await this.#noteDraining(answer.draining);
      log.info({ nodeId, subnets: answer.subnets, endpoints: underlay.endpoints }, 'registration.made');
      return { ttlMs: answer.ttlSec * 1_000 };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toCatalogueError(thrown);
      const step = afterRefusedRegistration(error);
      if (step === 'deleted') return 'deleted';
      if (step === 'superseded' || (step === 'duplicate' && this.#isKnown)) return this.#supersededBy(error);
      const why = step === 'duplicate' ? duplicateWords(nodeId, error.message) : error.message;
      return this.#wait({ kind: step === 'duplicate' ? 'duplicate' : 'unreachable', why });
    }
  }

  async #renewUntilGone(ttlMs: number, signal: AbortSignal): Promise<'register' | End> {
    const { clock, random } = this.#deps;
    let [everyMs, failures] = [ttlMs / 3, 0];
    let dueAt = clock.monotonicMs() + everyMs;
    for (;;) {
      const untilDueMs = this.#isRenewalDue ? 0 : dueAt - clock.monotonicMs();
      const waitMs = failures === 0 ? untilDueMs : backoffMs(failures - 1, retries, random);
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

  async #renewOnce(signal: AbortSignal): Promise<{ ttlMs: number } | 'retry' | 'register' | End> {
    const { keeper, contact, manager, nodeId, instance, attachments, log } = this.#deps;
    const { grants, leaving, revision } = keeper.view;
    const grantIds = [...grants, ...leaving].map(({ grantId }) => grantId);
    try {
      // ORDER: the instant before sending is what the answer proves (design §4.11).
      const sentAt = contact.instant();
      const input = { instance, grantIds, attachments: attachments.counts().total, meshRevision: revision };
      const answer = await manager.renew(nodeId, input, signal);
      // A manager of an earlier version does not say.
      this.#deps.certificates?.noteIssuer(answer.authority ?? null, answer.ttlSec);
      this.#deps.reporter?.noteKept(answer);
      await contact.touch(sentAt);
      this.#stand({ kind: 'registered' });
      await this.#noteDraining(answer.draining);
      return { ttlMs: answer.ttlSec * 1_000 };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toCatalogueError(thrown);
      const step = afterRefusedRenewal(error);
      if (step === 'superseded') return this.#supersededBy(error);
      if (step === 'register') log.warn({ why: error.message }, 'registration.gone');
      else if (step === 'retry') this.#stand({ kind: 'unreachable', why: error.message });
      return step;
    }
  }

  /** Whether what was published of the underlay and of what this node offers is not so any more; a look that failed does not say so. */
  async #hasMoved(): Promise<boolean> {
    try {
      const underlay = await this.#deps.findUnderlay();
      if (underlay.kind === 'none') return this.#missUnderlay(underlay);
      this.#missed = '';
      return JSON.stringify([underlay, this.#deps.offers()]) !== this.#published;
    } catch (error) {
      this.#deps.log.warn({ why: messageOf(error) }, 'underlay.unreadable');
      return false;
    }
  }

  /** What was published stays: others may reach this node by it still. Told once. */
  #missUnderlay({ why, remedy }: Extract<Underlay, { kind: 'none' }>): false {
    if (why !== this.#missed) this.#deps.log.warn({ why, remedy }, 'underlay.missing');
    this.#missed = why;
    return false;
  }

  /** A node that drains no more has to ask for subnets; those it was about to give back it gets back. */
  #needsGrants(): boolean {
    return this.#drainingSince === undefined && this.#deps.keeper.view.grants.length === 0;
  }

  /** Gives the subnets back once the last attachment of a draining node is gone; true when something was given back. */
  async #giveBackDrained(signal: AbortSignal): Promise<boolean> {
    const { keeper, attachments, clock } = this.#deps;
    const isQuiet = this.#drainingSince !== undefined && clock.monotonicMs() - this.#drainingSince >= quietMs;
    if (isQuiet && attachments.isEmpty() && keeper.view.grants.length > 0) await this.#surrenderDrained();
    const outcome = await returnGrants(this.#deps, signal);
    if (outcome === 'refused') this.#isRenewalDue = true;
    return outcome === 'done';
  }

  /** Where the disk takes nothing the node keeps what it holds until the next beat: renewals go on. */
  async #surrenderDrained(): Promise<void> {
    try {
      await this.#deps.keeper.surrender();
    } catch (error) {
      this.#deps.log.error({ why: messageOf(error) }, 'grants.not-surrendered');
    }
  }

  /** Evacuates for good, and says so until somebody has heard it. */
  async #beDeleted(signal: AbortSignal): Promise<void> {
    const { contact, keeper, recordLife } = this.#deps;
    this.#stand({ kind: 'deleted' });
    await contact.fence('this node was deleted from the cluster');
    await this.#insist(() => recordLife({ isDeleted: true }), signal);
    // Also after a crash between the record above and this.
    await this.#insist(() => keeper.surrender(), signal);
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await returnGrants(this.#deps, signal);
      if (outcome === 'nothing' || outcome === 'done') return;
      await this.#pause(attempt, signal);
    }
  }

  /** FENCE: the other instance owns the node id now; this one gives out nothing, also after a restart (design §4.10). */
  #supersededBy(error: CatalogueError): 'superseded' {
    this.#stand({ kind: 'superseded', why: duplicateWords(this.#deps.nodeId, error.message) });
    return 'superseded';
  }

  async #beSuperseded(signal: AbortSignal): Promise<void> {
    await this.#deps.contact.fence('another instance has taken this node over');
    await this.#insist(() => this.#deps.recordLife({ isSuperseded: true }), signal);
  }

  /** What a later run must know is written, however long the disk takes nothing. */
  async #insist(write: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await write();
      } catch (error) {
        this.#deps.log.error({ why: messageOf(error) }, 'registration.not-recorded');
        await this.#pause(attempt, signal);
      }
    }
  }

  #wait(standing: Standing): 'again' {
    this.#stand(standing);
    return 'again';
  }

  /** ORDER: on disk first; after a start in an outage the node drains by what it was told before. */
  async #noteDraining(isDraining: boolean): Promise<void> {
    if (isDraining === this.#board.isDraining && isDraining === (this.#drainingSince !== undefined)) return;
    await this.#deps.keeper.noteDraining(isDraining);
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
