/** A load that comes and goes: simulated nodes, containers on the real ones, readers; at rest nothing of it is left but records. */
import { setMaxListeners } from 'node:events';
import type { ManagerClient } from '@wgcni/api';
import type { CredentialSource } from '@wgcni/pki';
import type { Lab } from '@wgcni/testing';
import { SeededRandom } from '../../crash/random.ts';
import type { Recorder } from '../history/recorder.ts';
import { NodeWorker } from '../workload/plugin-load.ts';
import { readLists } from '../workload/reader.ts';
import { SimulatedNode, simulatedNodeId, turned } from '../workload/simulated-node.ts';

export interface ChurnLoadOptions {
  lab: Lab;
  recorder: Recorder;
  registrationTtlMs: number;
  holdDownMs: number;
}

const simulatedNodes = 12;
/** Between two steps of one simulated node: each change leaves tombstones that every view keeps, so that more would be measured than is lost. */
const paceMs = [800, 2_400] as const;
const listEveryMs = 2_000;
/** One call of a simulated node with all its tries. */
const deadlineMs = 4_000;

export class ChurnLoad {
  readonly #options: ChurnLoadOptions;
  readonly #simulated: SimulatedNode[];
  readonly #workers: NodeWorker[];
  readonly #clients = new Map<string, ManagerClient>();
  #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  /** Certifies the simulated nodes; nobody does anything yet. */
  static async prepare(options: ChurnLoadOptions): Promise<ChurnLoad> {
    const { authority, plan } = options.lab;
    const ids = Array.from({ length: simulatedNodes }, (_, index) => simulatedNodeId(plan.cluster, index + 1));
    return new ChurnLoad(options, await Promise.all(ids.map((id) => authority.nodeCredentials(id))));
  }

  private constructor(options: ChurnLoadOptions, nodes: readonly CredentialSource[]) {
    this.#options = options;
    const { lab, recorder, registrationTtlMs, holdDownMs } = options;
    const signal = (): AbortSignal => this.#stop.signal;
    const client = (number: number, credentials?: CredentialSource): ManagerClient =>
      this.#client(number, turned(lab.plan.managers, number), credentials);
    this.#simulated = nodes.map((credentials, index) => {
      const random = new SeededRandom(index + 1);
      const load = { recorder, random, registrationTtlMs, holdDownMs, paceMs, mayChange: () => true };
      // Signal and clients are those of the present spell.
      const present = {
        ...load,
        get signal() {
          return signal();
        },
        get client() {
          return client(index + 1, credentials);
        },
        get operator() {
          return client(index + 1);
        },
      };
      return new SimulatedNode(present, simulatedNodeId(lab.plan.cluster, index + 1), index + 1);
    });
    this.#workers = lab.plan.nodes.map((node, index) => {
      const present = {
        ...{ lab, recorder, random: new SeededRandom(100 + index) },
        get signal() {
          return signal();
        },
      };
      return new NodeWorker(present, node, index + 1);
    });
  }

  /** Begins a spell: everybody goes on where the last one ended. */
  start(): void {
    const { lab, recorder } = this.#options;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    setMaxListeners(0, signal);
    const readers = lab.plan.managers.map(({ id, url }, index) =>
      readLists(
        recorder,
        { id: `reader-${id}`, client: this.#client(simulatedNodes + index + 1, [url]), everyMs: listEveryMs },
        signal,
      ),
    );
    const lives = [...this.#simulated.map((node) => node.live()), ...this.#workers.map((worker) => worker.work())];
    this.#running = Promise.all([...lives, ...readers]);
  }

  /** Ends the spell: resolves when every operation and every container of it has ended, and its connections are closed. */
  async rest(): Promise<void> {
    this.#stop.abort(new Error('the spell ends'));
    await this.#running;
    await Promise.all(this.#workers.map((worker) => worker.cleanUp()));
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
  }

  /** One client for each in a spell; a node and the operator who steers it each have their own. */
  #client(number: number, urls: readonly string[], credentials?: CredentialSource): ManagerClient {
    const name = `${number} ${credentials === undefined ? 'operator' : 'node'}`;
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client = this.#options.lab.managerClient({
      ...{ urls, deadlineMs },
      ...(credentials === undefined ? {} : { credentials }),
    });
    this.#clients.set(name, client);
    return client;
  }
}
