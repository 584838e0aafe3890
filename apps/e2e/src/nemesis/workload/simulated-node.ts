/** One node as the cluster-managers see it: it registers, renews, is drained, releases, falls silent, is forgotten or deleted, and comes back. */
import { randomBytes } from 'node:crypto';
import type { ManagerClient } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import type { SeededRandom } from '../../crash/random.ts';
import type { Grant, OperationEvent } from '../history/event.ts';
import type { Recorder } from '../history/recorder.ts';

/** What a whole load has in common. */
export interface RegistryLoad {
  /** The managers, asked by this node, and by an operator about it. */
  client: ManagerClient;
  operator: ManagerClient;
  recorder: Recorder;
  random: SeededRandom;
  registrationTtlMs: number;
  holdDownMs: number;
  /** Whether records may change now; renewals and reads go on. */
  mayChange: () => boolean;
  /** Shortest and longest time between two steps of one node; absent: several steps a second. */
  paceMs?: readonly [number, number];
  signal: AbortSignal;
}

const quickPaceMs = [100, 400] as const;

/** The name of a simulated node, by which it is certified. */
export function simulatedNodeId(cluster: string, number: number): string {
  return `${cluster}-sim${number}`;
}

/** The URLs of the replicas, beginning with another one for each number. */
export function turned(managers: readonly { url: string }[], number: number): string[] {
  const first = number % managers.length;
  return [...managers.slice(first), ...managers.slice(0, first)].map(({ url }) => url);
}

export class SimulatedNode {
  readonly id: string;
  readonly #load: RegistryLoad;
  readonly #number: number;
  #instance = randomBytes(16).toString('hex');
  readonly #publicKey = randomBytes(32).toString('base64');
  #held: Grant[] = [];
  #isRegistered = false;
  /** Whether its record in the store has what it holds, as far as it knows. */
  #isAsRecorded = false;
  /** The last revision of the store that an answer has shown, as a node has it from its watch. */
  #meshRevision = 0;

  constructor(load: RegistryLoad, id: string, number: number) {
    this.#load = load;
    this.#number = number;
    this.id = id;
  }

  /** Lives until the signal aborts: one step after the other, with pauses. */
  async live(): Promise<void> {
    const { random, signal, mayChange, paceMs: [shortestMs, longestMs] = quickPaceMs } = this.#load;
    while (!signal.aborted) {
      if (!this.#isRegistered) await this.#register();
      else {
        const chance = random.next();
        if (!mayChange() || chance < 0.88) await this.#renew();
        else if (chance < 0.95) await this.#drainAndReturn();
        else if (chance < 0.97) await this.#fallSilent();
        else if (chance < 0.985) await this.#beForgotten();
        else await this.#beDeleted();
      }
      await this.#pause(random.between(shortestMs, longestMs));
    }
  }

  async #register(takeOver = false): Promise<void> {
    // Who comes back as it was changes nothing; who comes for something new waits.
    if (!this.#isAsRecorded) await this.#untilMayChange();
    const held = this.#held;
    let meshRevision = this.#meshRevision;
    const event = await this.#operation('register', {}, async ({ client, signal }) => {
      const input = {
        ...{ instance: this.#instance, publicKey: this.#publicKey, version: 'simulated', readableSchema: 2 },
        ...{ endpoints: [`203.0.113.${(this.#number % 250) + 1}:51820`], held, underlayMtu: 1_500, takeOver },
        ...(meshRevision === 0 ? {} : { meshRevision }),
      };
      const { subnets, revision } = await client.register(this.id, input, signal);
      meshRevision = revision;
      return { grants: subnets };
    });
    // The first word of the delete, or of the admission, was lost.
    if (event.code === 'identity.deleted') return this.#beAdmitted();
    // Its operator takes a deleted node in again, also when the first word of it was lost.
    if (event.code === 'node.deleted' && !takeOver) return this.#register(true);
    if (event.outcome !== 'ok') return this.#pause(300);
    this.#meshRevision = meshRevision;
    this.#held = event.grants ?? [];
    this.#isRegistered = true;
    this.#isAsRecorded = true;
  }

  async #renew(): Promise<void> {
    const grantIds = this.#held.map(({ grantId }) => grantId);
    const { code } = await this.#operation('renew', { grants: this.#held }, async ({ client, signal }) => {
      const input = { instance: this.#instance, grantIds, attachments: 0, meshRevision: this.#meshRevision };
      this.#meshRevision = (await client.renew(this.id, input, signal)).revision;
      return {};
    });
    if (code === 'registration.gone') this.#isRegistered = false;
  }

  /** Drained, evacuated, released, taken back: the subnets go to somebody else. */
  async #drainAndReturn(): Promise<void> {
    this.#isAsRecorded = false;
    await this.#operation('drain', {}, async ({ operator, signal }) => {
      await operator.drain(this.id, signal);
      return {};
    });
    await this.#release();
    await this.#operation('undrain', {}, async ({ operator, signal }) => {
      await operator.undrain(this.id, signal);
      return {};
    });
    this.#isRegistered = false;
  }

  async #release(): Promise<void> {
    if (this.#held.length === 0) return;
    const grants = this.#held;
    const { outcome } = await this.#operation('release', { grants }, async ({ client, signal }) => {
      const grantIds = grants.map(({ grantId }) => grantId);
      await client.release(this.id, { instance: this.#instance, grantIds }, signal);
      return {};
    });
    // What may have been released is used no more; a node that registers afterwards claims nothing.
    if (outcome !== 'fail') this.#held = [];
  }

  /** Says nothing for longer than the hold-down, and then comes as another instance that claims what it had. */
  async #fallSilent(): Promise<void> {
    const { random, registrationTtlMs, holdDownMs } = this.#load;
    const isLong = random.next() < 0.5;
    this.#isAsRecorded = false;
    await this.#pause(isLong ? registrationTtlMs * 3 + holdDownMs * 2 : registrationTtlMs * 2);
    this.#instance = randomBytes(16).toString('hex');
    this.#isRegistered = false;
  }

  /** Silent and then forgotten by an operator; after that it holds nothing. */
  async #beForgotten(): Promise<void> {
    this.#isAsRecorded = false;
    const { registrationTtlMs } = this.#load;
    await this.#pause(registrationTtlMs * 2);
    await this.#operation('forget', {}, async ({ operator, signal }) => {
      await operator.forget(this.id, signal);
      return {};
    });
    this.#held = [];
    this.#isRegistered = false;
  }

  /** Deleted with force: it evacuates, confirms, and is taken in again by its operator. */
  async #beDeleted(): Promise<void> {
    this.#isAsRecorded = false;
    await this.#operation('delete', {}, async ({ operator, signal }) => {
      await operator.deleteNode(this.id, { force: true }, signal);
      return {};
    });
    await this.#release();
    await this.#beAdmitted();
    this.#instance = randomBytes(16).toString('hex');
    this.#isRegistered = false;
    await this.#register(true);
  }

  /** Its certificate is refused from the delete on, until an operator says otherwise. */
  async #beAdmitted(): Promise<void> {
    await this.#operation('admit', {}, async ({ operator, signal }) => {
      await operator.admit(this.id, signal);
      return {};
    });
  }

  async #operation(
    name: OperationEvent['name'],
    about: { grants?: Grant[] },
    work: (load: RegistryLoad) => Promise<{ grants?: Grant[] }>,
  ): Promise<OperationEvent> {
    const { recorder } = this.#load;
    if (name !== 'renew' && name !== 'register') await this.#untilMayChange();
    return recorder.operation({ process: this.id, name, nodeId: this.id, ...about }, () => work(this.#load));
  }

  async #untilMayChange(): Promise<void> {
    while (!this.#load.mayChange() && !this.#load.signal.aborted) await this.#pause(50);
  }

  #pause(ms: number): Promise<void> {
    return systemClock.sleep(ms, this.#load.signal).catch(() => undefined);
  }
}
