/** Containers that come and go on one real node, through the plugin as a runtime executes it. */
import { systemClock } from '@wgcni/base';
import {
  addContainerNetns,
  callPlugin,
  planContainer,
  removeNetns,
  type ContainerPlan,
  type Lab,
  type NodePlan,
  type PluginCall,
  type PluginResult,
} from '@wgcni/testing';
import type { SeededRandom } from '../../crash/random.ts';
import type { OperationEvent } from '../history/event.ts';
import type { Recorder } from '../history/recorder.ts';

export interface PluginLoad {
  lab: Lab;
  recorder: Recorder;
  random: SeededRandom;
  signal: AbortSignal;
}

/** Numbers of containers that the load makes begin here; those that stay have lower ones. */
const firstNumber = 1_000;
/** How many containers a node has at most at one time. */
const mostAtOnce = 4;

export class NodeWorker {
  readonly #load: PluginLoad;
  readonly #node: NodePlan;
  readonly #number: number;
  readonly #results = new Map<ContainerPlan, object>();
  readonly #attempted = new Set<ContainerPlan>();
  #made = 0;

  /** `number` is the node's, as it stands in its containers' names. */
  constructor(load: PluginLoad, node: NodePlan, number: number) {
    this.#load = load;
    this.#node = node;
    this.#number = number;
  }

  /** Adds, checks, collects and deletes until the signal aborts. */
  async work(): Promise<void> {
    const { random, signal } = this.#load;
    while (!signal.aborted) {
      const chance = random.next();
      const [some] = this.#attempted;
      if (some === undefined || (chance < 0.5 && this.#attempted.size < mostAtOnce)) await this.#add();
      else if (chance < 0.6) await this.#check();
      else if (chance < 0.65) await this.#collect();
      else await this.#delete(random.pick([...this.#attempted]));
      await systemClock.sleep(random.between(50, 350), signal).catch(() => undefined);
    }
  }

  /** Deletes whatever this worker has ever asked for, and collects what is left. */
  async cleanUp(): Promise<void> {
    for (const container of [...this.#attempted]) await this.#delete(container, true);
    await this.#collect();
  }

  async #add(): Promise<void> {
    this.#made += 1;
    const container = planContainer(this.#load.lab.plan.name, this.#number, firstNumber + this.#made);
    await addContainerNetns(container);
    this.#attempted.add(container);
    await this.#call('add', { command: 'ADD', container }, (stdout) => {
      const result = JSON.parse(stdout) as PluginResult;
      this.#results.set(container, result);
      return { addresses: result.ips.map(({ address }) => address.replace(/\/.*/, '')) };
    });
  }

  async #check(): Promise<void> {
    const [known] = [...this.#results];
    if (known === undefined) return;
    await this.#call('check', { command: 'CHECK', container: known[0], config: { prevResult: known[1] } });
  }

  async #collect(): Promise<void> {
    const own = [...this.#attempted].map(({ id }) => id);
    const valid = [...own, ...this.#node.containers.map(({ id }) => id)].map((containerID) => ({
      containerID,
      ifname: 'eth0',
    }));
    await this.#call('gc', { command: 'GC', config: { cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid } });
  }

  /** A runtime deletes until it is told that it is done; the namespace goes last. */
  async #delete(container: ContainerPlan, isLast = false): Promise<void> {
    this.#results.delete(container);
    const { outcome } = await this.#call('del', { command: 'DEL', container });
    if (outcome !== 'ok' && !isLast) return;
    this.#attempted.delete(container);
    await removeNetns(container.netns);
  }

  #call(
    name: OperationEvent['name'],
    call: Omit<PluginCall, 'node'>,
    read: (stdout: string) => { addresses?: string[] } = () => ({}),
  ): Promise<OperationEvent> {
    const { lab, recorder } = this.#load;
    const containerId = call.container?.id;
    const process = `worker-${this.#node.id}`;
    const begun = { process, name, nodeId: this.#node.id, ...(containerId === undefined ? {} : { containerId }) };
    return recorder.operation(begun, async () => {
      const { exitCode, stdout } = await callPlugin(lab.programs.plugin, { ...call, node: this.#node });
      return exitCode === 0 ? read(stdout) : { outcome: 'unknown', code: stdout.slice(0, 300) };
    });
  }
}
