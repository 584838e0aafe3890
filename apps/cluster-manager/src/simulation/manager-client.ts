/** A client of the cluster-managers as nodes and `wgcni` have it: a replica that does not answer is passed over, until the deadline. */
import { backoffMs, CatalogueError } from '@wgcni/base';
import type { Actor } from './actor.ts';
import {
  askSite,
  type ManagerAnswer,
  type ManagerNetwork,
  type ManagerRequest,
  type ManagerSite,
} from './manager-api.ts';

const deadlineMs = 15_000;
const tryTimeoutMs = 4_000;
const betweenTries = { firstMs: 50, maxMs: 250 };

export class ManagerClient {
  readonly #network: ManagerNetwork;
  readonly #actor: Actor;
  readonly #name: string;
  readonly #order: ManagerSite[];

  /** `name` tells which links are used: those of the machine. */
  constructor(network: ManagerNetwork, actor: Actor, name: string) {
    this.#network = network;
    this.#actor = actor;
    this.#name = name;
    this.#order = [...network.sites];
    for (let turns = actor.random.int(0, network.sites.length - 1); turns > 0; turns -= 1) this.#passOver();
  }

  /** Throws CatalogueError. */
  async call(request: ManagerRequest): Promise<ManagerAnswer> {
    const { clock, random } = this.#actor;
    const untilMs = clock.monotonicMs() + deadlineMs;
    for (let attempt = 0; ; attempt += 1) {
      const site = this.#order[0];
      if (site === undefined) throw new CatalogueError('config.invalid', 'no cluster-manager is named');
      try {
        const from = { actor: this.#actor, name: this.#name };
        return await askSite(this.#network, from, site, { request, timeoutMs: tryTimeoutMs });
      } catch (error) {
        if (!(error instanceof CatalogueError) || !mayPassOver(error)) throw error;
        this.#passOver();
        const round = attempt + 1 - this.#order.length;
        const waitMs = round < 0 ? 0 : backoffMs(round, betweenTries, random);
        if (clock.monotonicMs() + waitMs >= untilMs) throw error;
        await clock.sleep(waitMs);
      }
    }
  }

  #passOver(): void {
    this.#order.push(...this.#order.splice(0, 1));
  }
}

function mayPassOver(error: CatalogueError): boolean {
  const isPassing = error.http === 503 || error.http === 504;
  return isPassing && error.code !== 'network.absent' && error.code !== 'cluster.recovering';
}
