/** The whole load of a run: simulated nodes at the REST surface, containers on the real nodes, and readers of every replica. */
import { setMaxListeners } from 'node:events';
import type { ManagerClient } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import type { Lab } from '@wgcni/testing';
import { SeededRandom } from '../../crash/random.ts';
import type { Recorder } from '../history/recorder.ts';
import { NodeWorker } from './plugin-load.ts';
import { readLists } from './reader.ts';
import { SimulatedNode, simulatedNodeId, turned } from './simulated-node.ts';

export interface WorkloadOptions {
  lab: Lab;
  recorder: Recorder;
  random: SeededRandom;
  registrationTtlMs: number;
  holdDownMs: number;
}

/** Together with three real nodes more than the pools have subnets for when all take part: some must wait for what others give up. */
const simulatedNodes = 26;
/** One call of a simulated node with all its tries. */
const deadlineMs = 4_000;
const listEveryMs = 400;
/** Over so long the rate is taken. */
export const rateOverMs = 3_000;

export class Workload {
  readonly #options: WorkloadOptions;
  readonly #stop = new AbortController();
  readonly #clients: ManagerClient[] = [];
  readonly #workers: NodeWorker[];
  #running: Promise<unknown> = Promise.resolve();
  #mayChange = true;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    const { lab, recorder, random } = options;
    const signal = this.#stop.signal;
    // Every node of the load waits for it.
    setMaxListeners(0, signal);
    this.#workers = lab.plan.nodes.map((node, index) => {
      const own = new SeededRandom(random.between(1, 2 ** 31));
      return new NodeWorker({ lab, recorder, random: own, signal }, node, index + 1);
    });
  }

  /** Resolves when everybody has a certificate and is under way. */
  async start(): Promise<void> {
    const { lab, recorder } = this.#options;
    const signal = this.#stop.signal;
    const simulated = await Promise.all(
      Array.from({ length: simulatedNodes }, (_, index) => this.#simulate(index + 1)),
    );
    const readers = lab.plan.managers.map(({ id, url }) => {
      const client = this.#keep(lab.managerClient({ urls: [url], deadlineMs }));
      return readLists(recorder, { id: `reader-${id}`, client, everyMs: listEveryMs }, signal);
    });
    const lives = simulated.map((node) => node.live());
    this.#running = Promise.all([...lives, ...readers, ...this.#workers.map((worker) => worker.work())]);
  }

  /** From now on records stay as they are, while renewals, reads and containers go on: what is desired stands still. */
  holdChanges(): void {
    this.#mayChange = false;
  }

  allowChanges(): void {
    this.#mayChange = true;
  }

  /** Resolves as soon as the load is that busy and an operation is under way, or when the patience is over. */
  async busy(ratePerSec: number, patienceMs: number): Promise<void> {
    const { recorder } = this.#options;
    const until = systemClock.monotonicMs() + patienceMs;
    const isBusy = (): boolean => recorder.inFlight > 0 && recorder.ratePerSec(rateOverMs) >= ratePerSec;
    while (!isBusy() && systemClock.monotonicMs() < until) await systemClock.sleep(1);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the load ends'));
    await this.#running;
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  /** Deletes every container that came, when nothing else runs any more. */
  async cleanUp(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.cleanUp()));
  }

  /** A simulated node; each starts with another replica. */
  async #simulate(number: number): Promise<SimulatedNode> {
    const { lab, recorder, random, registrationTtlMs, holdDownMs } = this.#options;
    const own = new SeededRandom(random.between(1, 2 ** 31));
    const id = simulatedNodeId(lab.plan.cluster, number);
    const reach = { urls: turned(lab.plan.managers, number), deadlineMs };
    const load = {
      ...{ recorder, registrationTtlMs, holdDownMs, signal: this.#stop.signal },
      ...{ client: this.#keep(await lab.nodeCaller(id, reach)), operator: this.#keep(lab.managerClient(reach)) },
      ...{ random: own, mayChange: () => this.#mayChange },
    };
    return new SimulatedNode(load, id, number);
  }

  #keep(client: ManagerClient): ManagerClient {
    this.#clients.push(client);
    return client;
  }
}
