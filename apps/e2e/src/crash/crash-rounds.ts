/** Many ADDs and DELs by several workers, with a kill at a random fault point in one of ten; then one GC, and the audit. */
import { randomInt } from 'node:crypto';
import {
  addContainerNetns,
  callPlugin,
  ping,
  planContainer,
  removeNetns,
  until,
  type ContainerPlan,
  type Lab,
  type NodePlan,
  type PluginAnswer,
  type PluginResult,
} from '@wgcni/testing';
import { nodeManagerFaultPoints, pluginFaultPoints } from '@wgcni/cni';
import { hostState } from '../conformance/host-state.ts';
import { inParallel } from '../conformance/in-parallel.ts';
import { audit, readHoldings } from './node-audit.ts';
import { SeededRandom } from './random.ts';

export interface RoundsOptions {
  /** ADDs and DELs together. */
  operations: number;
  workers: number;
  seed?: number;
  /** Hears each thing that was done, for the record. */
  told?: (event: object) => void;
}

export interface RoundsReport {
  seed: number;
  adds: { succeeded: number; failed: number };
  dels: { succeeded: number; failed: number };
  kills: { plugin: number; nodeManager: number };
  /** Containers that lived when it was over, and were looked at before they were deleted. */
  survivors: number;
  /** What was wrong: an address given while another had it, and what the audits found after each GC. */
  violations: string[];
}

/** One call of the plugin in so many is ordered to die; with the deaths of the node-manager that makes more than one in ten. */
const onePluginKillIn = 10;
/** The node-manager is ordered to die when it has reached its point for one of the first so many times. */
const longestCount = 12;
/** Points that are seldom reached: so many operations after its start it is killed at whatever instant that is. */
const longestLife = 40;

/** So many containers a worker tries until one stays, with the churn around it. */
const lastTries = 10;

const pluginPoints = (kind: 'add' | 'del') => pluginFaultPoints.filter((point) => point.startsWith(`${kind}/`));

/** A container that is left alive, and what must answer it. */
interface Survivor extends ContainerPlan {
  gateways: string[];
}

class Rounds {
  readonly report: RoundsReport;
  /** Those that live when the churn is over. */
  readonly survivors: Survivor[] = [];
  readonly #lab: Lab;
  readonly #node: NodePlan;
  readonly #random: SeededRandom;
  readonly #told: (event: object) => void;
  /** Who has an address, from the answer of ADD to the request of DEL. */
  readonly #holders = new Map<string, string>();
  #left: number;
  #containers = 0;
  #isOver = false;

  constructor(
    lab: Lab,
    node: NodePlan,
    { operations, seed = randomInt(2 ** 32 - 1), told = () => undefined }: RoundsOptions,
  ) {
    this.#lab = lab;
    this.#node = node;
    this.#random = new SeededRandom(seed);
    this.#told = told;
    this.#left = operations;
    const none = { succeeded: 0, failed: 0 };
    this.report = {
      seed,
      adds: { ...none },
      dels: { ...none },
      kills: { plugin: 0, nodeManager: 0 },
      survivors: 0,
      violations: [],
    };
  }

  async run(workers: number): Promise<void> {
    const supervised = this.#supervise();
    await inParallel(workers, Array.from({ length: workers }), async () => {
      while (this.#left > 0) await this.#cycle();
      for (let tries = 0; tries < lastTries && !(await this.#stay()); tries += 1) continue;
    });
    this.#isOver = true;
    await supervised;
  }

  /** One container's life: added, perhaps again, deleted, perhaps again; its namespace goes in the end, whatever was answered. */
  async #cycle(): Promise<void> {
    const container = planContainer(this.#lab.plan.name, 1, (this.#containers += 1));
    await addContainerNetns(container);
    if ((await this.#add(container)) === undefined && this.#random.next() < 0.5) await this.#add(container);
    // Runtimes delete once; some come back when that failed.
    if (!(await this.#del(container)) && this.#random.next() < 0.5) await this.#del(container);
    await removeNetns(container.netns);
  }

  /** A container that is not deleted: whether it could be added. */
  async #stay(): Promise<boolean> {
    const container = planContainer(this.#lab.plan.name, 1, (this.#containers += 1));
    await addContainerNetns(container);
    const result = await this.#add(container);
    if (result !== undefined) {
      this.survivors.push({ ...container, gateways: result.ips.map(({ gateway = '' }) => gateway) });
      return true;
    }
    await this.#del(container);
    await removeNetns(container.netns);
    return false;
  }

  async #add(container: ContainerPlan): Promise<PluginResult | undefined> {
    const answer = await this.#call('ADD', container, pluginPoints('add'));
    const isDone = answer.exitCode === 0;
    this.report.adds[isDone ? 'succeeded' : 'failed'] += 1;
    if (!isDone && answer.stdout.includes('"code":100')) await this.#served();
    if (!isDone) return undefined;
    const result = JSON.parse(answer.stdout) as PluginResult;
    for (const { address } of result.ips) {
      const holder = this.#holders.get(address);
      if (holder !== undefined && holder !== container.id)
        this.report.violations.push(`${address} was given to ${container.id} while ${holder} had it`);
      this.#holders.set(address, container.id);
    }
    return result;
  }

  /** A runtime's retry comes later: here, when somebody listens again. */
  async #served(): Promise<void> {
    const client = this.#lab.nodeClient(this.#node);
    try {
      await until(10_000, 'the node-manager', () => client.status());
    } finally {
      await client.close();
    }
  }

  async #del(container: ContainerPlan): Promise<boolean> {
    for (const [address, holder] of this.#holders) if (holder === container.id) this.#holders.delete(address);
    const { exitCode } = await this.#call('DEL', container, pluginPoints('del'));
    this.report.dels[exitCode === 0 ? 'succeeded' : 'failed'] += 1;
    return exitCode === 0;
  }

  async #call(command: 'ADD' | 'DEL', container: ContainerPlan, points: readonly string[]): Promise<PluginAnswer> {
    this.#left -= 1;
    const point = this.#random.between(1, onePluginKillIn) === 1 ? this.#random.pick(points) : undefined;
    const env = point === undefined ? {} : { WGCNI_DIE_AT: point };
    const answer = await callPlugin(this.#lab.programs.plugin, { command, node: this.#node, container, env });
    if (answer.exitCode === 137) this.report.kills.plugin += 1;
    this.#told({
      command,
      container: container.id,
      point,
      exitCode: answer.exitCode,
      answer: answer.stdout.slice(0, 300),
    });
    return answer;
  }

  /** Starts the node-manager whenever it has died, each time with another order to die; at last with none. */
  async #supervise(): Promise<void> {
    await this.#lab.process(this.#node.id).stop();
    while (!this.#isOver) {
      const point = this.#random.pick(nodeManagerFaultPoints);
      const order = `${point}#${this.#random.between(1, longestCount)}`;
      const end = this.#left - longestLife;
      const process = this.#lab.startNode(this.#node, [], { WGCNI_DIE_AT: order });
      this.#told({ nodeManager: 'started', order });
      while (!this.#isOver && this.#left > end && !(await process.ended(50))) continue;
      if (!this.#isOver) this.report.kills.nodeManager += 1;
      process.kill('SIGKILL');
      await process.ended(5_000);
    }
    this.#lab.startNode(this.#node);
    await this.#lab.nodeReady(this.#node);
  }
}

/** Runs the rounds on a node of a lab that is up; resolves with what was seen. */
export async function crashRounds(lab: Lab, node: NodePlan, options: RoundsOptions): Promise<RoundsReport> {
  const host = await hostState(node.netnsPath);
  const rounds = new Rounds(lab, node, options);
  await rounds.run(options.workers);
  const { report, survivors } = rounds;
  report.survivors = survivors.length;
  report.violations.push(...(await violationsAfterGc(lab, node, { survivors, host })));
  for (const container of survivors) {
    const { exitCode, stdout } = await callPlugin(lab.programs.plugin, { command: 'DEL', node, container });
    if (exitCode !== 0) report.violations.push(`the DEL of ${container.id} failed: ${stdout}`);
    await removeNetns(container.netns);
  }
  report.violations.push(...(await violationsAfterGc(lab, node, { survivors: [], host })));
  return report;
}

/** One GC that lists the survivors; then the node holds these and nothing else, and each reaches its gateways. */
async function violationsAfterGc(
  lab: Lab,
  node: NodePlan,
  { survivors, host }: { survivors: readonly Survivor[]; host: readonly string[] },
): Promise<string[]> {
  const valid = survivors.map(({ id }) => ({ containerID: id, ifname: 'eth0' }));
  const config = { cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid };
  const collected = await callPlugin(lab.programs.plugin, { command: 'GC', node, config });
  if (collected.exitCode !== 0) return [`the GC failed: ${collected.stdout}`];
  const found = await until(5_000, 'a node that holds what is alive', async () => {
    const holdings = await readHoldings(lab, node, survivors);
    const lost = survivors.filter(({ id }) => !holdings.alive.has(id)).map(({ id }) => `${id} has lost its interface`);
    const differences = [...audit(holdings, host), ...lost];
    return differences.length === 0 ? differences : new Error(differences.join('; '));
  }).catch((error: unknown) => [String(error)]);
  const mute = await Promise.all(survivors.map((container) => muteGateways(container)));
  return [...found, ...mute.flat()];
}

/** The gateways that do not answer a container. */
async function muteGateways({ id, netnsPath, gateways }: Survivor): Promise<string[]> {
  const answers = await Promise.all(gateways.map((gateway) => ping(netnsPath, gateway, { count: 1 })));
  return gateways.filter((_, index) => answers[index] === undefined).map((one) => `${one} does not answer ${id}`);
}
