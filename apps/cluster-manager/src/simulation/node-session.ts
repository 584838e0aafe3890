/** A node's registration as its node-manager carries it out: made, renewed, made again, drained, given up (apps/node-manager/src/registration). */
import type { Registration, Renewal } from '@wgcni/api';
import { backoffMs, CatalogueError } from '@wgcni/base';
import type { Actor } from './actor.ts';
import type { ManagerClient } from './manager-client.ts';
import type { NodeDisk } from './node-disk.ts';

export type NodeStanding = 'starting' | 'registered' | 'unreachable' | 'duplicate' | 'superseded' | 'deleted';

export interface SessionDeps {
  disk: NodeDisk;
  actor: Actor;
  client: ManagerClient;
  takeOver: boolean;
  /** True time: a node's own clock is right. */
  now: () => number;
  /** Called after what may be used has grown. */
  touched: () => void;
}

const retries = { firstMs: 100, maxMs: 1_500 };
const quietMs = 1_000;
/** The last container of a draining node is gone so much later at most. */
const drainedWithinMs = 4_000;

export class NodeSession {
  standing: NodeStanding = 'starting';
  /** Why it was refused last. */
  refusal: string | undefined;
  readonly #deps: SessionDeps;
  #hasRegistered = false;
  #emptyAtMs: number | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /** Until the node is deleted or superseded and has said all it had to. */
  async run(): Promise<void> {
    const { disk } = this.#deps;
    while (!disk.isDeleted) {
      const ttlMs = await this.#register();
      const end = ttlMs === undefined ? 'deleted' : await this.#renewUntilGone(ttlMs);
      if (end === 'superseded') return this.#giveUp();
      if (end === 'deleted') this.#beDeleted();
    }
    this.standing = 'deleted';
    for (let attempt = 0; !(await this.#confirm()); attempt += 1) await this.#pause(attempt);
  }

  async #register(): Promise<number | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#registerOnce();
      if (typeof answer === 'number') return answer;
      if (answer === 'deleted') return undefined;
      await this.#pause(attempt);
    }
  }

  async #registerOnce(): Promise<number | 'deleted' | 'again'> {
    const { disk, now, client, takeOver } = this.#deps;
    const { nodeId, instance, publicKey, networkId, grants, meshRevision } = disk;
    const input = {
      ...{ instance, publicKey, version: '1', readableSchema: 3, underlayMtu: 1_500, held: [...grants] },
      endpoints: [`192.0.2.${nodeId.length}:51820`],
      ...(networkId === undefined ? {} : { networkId, meshRevision }),
      ...(takeOver && !this.#hasRegistered ? { takeOver } : {}),
    };
    const sentMs = now();
    try {
      const answer = (await client.call({ kind: 'register', nodeId, input })) as Registration;
      this.#take(answer, sentMs);
      return answer.ttlSec * 1_000;
    } catch (error) {
      if (!(error instanceof CatalogueError)) throw error;
      this.refusal = error.code;
      if (error.code === 'node.deleted') return 'deleted';
      const isDuplicate = error.code === 'node.registered' || error.code === 'node.duplicate';
      if (isDuplicate) disk.contactMs = undefined;
      this.standing = isDuplicate ? 'duplicate' : 'unreachable';
      return 'again';
    }
  }

  #take({ network, subnets, revision, draining }: Registration, sentMs: number): void {
    const { disk, touched } = this.#deps;
    disk.networkId = network.networkId;
    disk.holdDownMs = network.holdDownSec * 1_000;
    disk.grants = subnets.map(({ cidr, grantId }) => ({ cidr, grantId }));
    disk.leaving = disk.leaving.filter(({ grantId }) => !subnets.some((one) => one.grantId === grantId));
    disk.meshRevision = Math.max(disk.meshRevision, revision);
    disk.contactMs = sentMs;
    this.#hasRegistered = true;
    this.refusal = undefined;
    this.standing = 'registered';
    this.#noteDraining(draining);
    touched();
  }

  async #renewUntilGone(ttlMs: number): Promise<'register' | 'superseded' | 'deleted'> {
    const { actor } = this.#deps;
    const { clock, random } = actor;
    let [everyMs, failures] = [ttlMs / 3, 0];
    let dueAt = clock.monotonicMs() + everyMs;
    for (;;) {
      const waitMs = failures === 0 ? dueAt - clock.monotonicMs() : backoffMs(failures - 1, retries, random);
      await clock.sleep(Math.max(0, waitMs));
      if (await this.#giveBackDrained()) continue;
      if (this.#needsGrants()) return 'register';
      const sentAt = clock.monotonicMs();
      const answer = await this.#renewOnce();
      if (typeof answer === 'string' && answer !== 'retry') return answer;
      failures = answer === 'retry' ? failures + 1 : 0;
      if (answer !== 'retry') everyMs = (answer.ttlSec * 1_000) / 3;
      dueAt = sentAt + everyMs;
      if (this.#needsGrants()) return 'register';
    }
  }

  async #renewOnce(): Promise<Renewal | 'retry' | 'register' | 'superseded' | 'deleted'> {
    const { disk, now, client, touched } = this.#deps;
    const { nodeId, instance, grants, leaving, meshRevision } = disk;
    const grantIds = [...grants, ...leaving].map(({ grantId }) => grantId);
    const input = { instance, grantIds, attachments: 0, meshRevision };
    const sentMs = now();
    try {
      const answer = (await client.call({ kind: 'renew', nodeId, input })) as Renewal;
      disk.contactMs = sentMs;
      // What it sees of `mesh/` in the store is as new as what it is answered.
      disk.meshRevision = Math.max(disk.meshRevision, answer.revision);
      this.standing = 'registered';
      this.#noteDraining(answer.draining);
      touched();
      return answer;
    } catch (error) {
      if (!(error instanceof CatalogueError)) throw error;
      return this.#afterRefusedRenewal(error);
    }
  }

  #afterRefusedRenewal({ code }: CatalogueError): 'retry' | 'register' | 'superseded' | 'deleted' {
    this.refusal = code;
    if (code === 'registration.gone' || code === 'node.unknown') return 'register';
    if (code === 'node.registered' || code === 'node.duplicate') return 'superseded';
    if (code === 'node.deleted') return 'deleted';
    this.standing = 'unreachable';
    return 'retry';
  }

  #needsGrants(): boolean {
    return this.#emptyAtMs === undefined && this.#deps.disk.grants.length === 0;
  }

  async #giveBackDrained(): Promise<boolean> {
    const { disk, actor } = this.#deps;
    const isEmpty = this.#emptyAtMs !== undefined && actor.clock.monotonicMs() >= this.#emptyAtMs;
    if (isEmpty && disk.grants.length > 0) this.#surrender();
    return disk.leaving.length > 0 && (await this.#confirm());
  }

  /** Says that the leaving grants are not used any more. */
  async #confirm(): Promise<boolean> {
    const { disk, client } = this.#deps;
    const leaving = [...disk.leaving];
    if (leaving.length === 0) return true;
    try {
      const input = { instance: disk.instance, grantIds: leaving.map(({ grantId }) => grantId) };
      await client.call({ kind: 'release', nodeId: disk.nodeId, input });
    } catch (error) {
      if (!(error instanceof CatalogueError)) throw error;
      if (error.retryable && error.code !== 'registration.gone') return false;
    }
    disk.leaving = disk.leaving.filter(({ grantId }) => !leaving.some((one) => one.grantId === grantId));
    return true;
  }

  #surrender(): void {
    const { disk } = this.#deps;
    disk.leaving = [...disk.leaving, ...disk.grants];
    disk.grants = [];
  }

  #beDeleted(): void {
    this.#deps.disk.isDeleted = true;
    this.#surrender();
  }

  #giveUp(): void {
    this.standing = 'superseded';
    this.#deps.disk.contactMs = undefined;
  }

  #noteDraining(isDraining: boolean): void {
    const { clock, random } = this.#deps.actor;
    if (isDraining === (this.#emptyAtMs !== undefined)) return;
    this.#emptyAtMs = isDraining ? clock.monotonicMs() + quietMs + random.unit() * drainedWithinMs : undefined;
  }

  async #pause(attempt: number): Promise<void> {
    const { clock, random } = this.#deps.actor;
    await clock.sleep(backoffMs(attempt, retries, random));
  }
}
