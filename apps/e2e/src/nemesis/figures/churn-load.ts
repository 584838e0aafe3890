/** A load that comes and goes: simulated nodes, containers on the real ones, readers; at rest nothing of it is left but records. */
import { setMaxListeners } from 'node:events';
import { createManagerClient, type ManagerClient } from '@wgcni/api';
import type { Lab } from '@wgcni/testing';
import { SeededRandom } from '../../crash/random.ts';
import type { Recorder } from '../history/recorder.ts';
import { NodeWorker } from '../workload/plugin-load.ts';
import { readLists } from '../workload/reader.ts';
import { SimulatedNode } from '../workload/simulated-node.ts';

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
  readonly #clients = new Map<number, ManagerClient>();
  #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ChurnLoadOptions) {
    this.#options = options;
    const { lab, recorder, registrationTtlMs, holdDownMs } = options;
    const signal = (): AbortSignal => this.#stop.signal;
    const client = (number: number): ManagerClient => this.#client(number);
    this.#simulated = Array.from({ length: simulatedNodes }, (_, index) => {
      const random = new SeededRandom(index + 1);
      const load = { recorder, random, registrationTtlMs, holdDownMs, paceMs, mayChange: () => true };
      // Signal and client are those of the present spell.
      const present = {
        ...load,
        get signal() {
          return signal();
        },
        get client() {
          return client(index);
        },
      };
      return new SimulatedNode(present, lab.plan.cluster, index + 1);
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
        { id: `reader-${id}`, client: this.#client(simulatedNodes + index, [url]), everyMs: listEveryMs },
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

  /** One client for each; every simulated node starts with another replica. */
  #client(number: number, only?: readonly string[]): ManagerClient {
    const known = this.#clients.get(number);
    if (known !== undefined) return known;
    const urls = this.#options.lab.plan.managers.map(({ url }) => url);
    const own = only ?? urls.map((_, turn) => urls[(number + turn) % urls.length] ?? '');
    const client = createManagerClient({ urls: own, deadlineMs });
    this.#clients.set(number, client);
    return client;
  }
}
