/** One run: a lab under load, one fault after the other, each with its healing, and everything written down. */
import { cp } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { messageOf, systemClock } from '@wgcni/base';
import type { Lab, NodePlan } from '@wgcni/testing';
import { audit, readHoldings } from '../crash/node-audit.ts';
import { SeededRandom } from '../crash/random.ts';
import { bringUp, type Scenario } from '../scenario.ts';
import { EtcdRecorder } from './history/etcd-recorder.ts';
import type { HistoryEvent } from './history/event.ts';
import { Recorder } from './history/recorder.ts';
import { openArena } from './arena.ts';
import { leastRatePerSec } from './checkers/validity.ts';
import { clockRate } from './nemeses/clocks.ts';
import type { Arena, Nemesis } from './nemeses/nemesis.ts';
import { mountSmallDisks } from './nemeses/full-disk.ts';
import { BeliefSampler } from './observe/belief-sampler.ts';
import { processorTimes } from './observe/cpu.ts';
import { converge } from './observe/converge.ts';
import { PingWatch } from './observe/ping-watch.ts';
import { SecretScan } from './observe/secrets.ts';
import { planFaults, type PlannedFault } from './plan.ts';
import { rateOverMs, Workload } from './workload/workload.ts';

export interface CampaignOptions {
  seed: number;
  nemeses: readonly Nemesis[];
  /** No fault begins after so long. */
  durationMs: number;
  /** Or after so many. */
  mostFaults?: number;
  /** By how much a clock may run fast; beyond what is usual only the ownership in etcd is judged. */
  clockRate?: number;
  /** Folder of the run's history. */
  dir: string;
  told?: (line: string) => void;
}

const registrationTtlMs = 6_000;
const holdDownMs = 45_000;
/** 32 subnets of each family: few enough that what one node gives up is soon another's. */
const pools = ['10.64.0.0/19:24', 'fd64::/59:64'];
/** How long a run waits for agreement before it gives up: far longer than is allowed, to tell late from never. */
const patienceMs = 40_000;

/** A fault waits so long for a busy run; what strikes an idle one does not count. */
const busyPatienceMs = 45_000;
/** For so long agreement must last to count: nodes notice only at their next renewal that a store was set back. */
const steadyMs = { control: 1_000, packets: 1_000, history: 4_000 };
/** And before what is left on a node at rest is called a leak. */
const restPatienceMs = 15_000;

/** Runs until the time is over; resolves with the history, which also stands in the run's folder. */
export async function runCampaign(options: CampaignOptions): Promise<readonly HistoryEvent[]> {
  const managerFlags = [
    ...['--registration-ttl', `${registrationTtlMs / 1_000}s`, '--hold-down', `${holdDownMs / 1_000}s`],
    ...['--silence-reading', '2s', '--rest', '2s'],
  ];
  const recorder = new Recorder(options.dir);
  const scene = await bringUp(
    { nodes: 3, containersPerNode: 2, isApart: true, pools },
    { managerFlags, beforeUp: mountSmallDisks },
  );
  try {
    await new Campaign(scene, recorder, options).run();
  } finally {
    await cp(join(scene.lab.plan.dir, 'log'), join(options.dir, 'log'), { recursive: true });
    await scene.lab.down();
    await recorder.close();
  }
  return recorder.events;
}

class Campaign {
  readonly #lab: Lab;
  readonly #scene: Scenario;
  readonly #recorder: Recorder;
  readonly #options: CampaignOptions;
  readonly #etcd: EtcdRecorder;
  readonly #workload: Workload;
  readonly #secrets = new SecretScan();

  constructor(scene: Scenario, recorder: Recorder, options: CampaignOptions) {
    this.#scene = scene;
    this.#lab = scene.lab;
    this.#recorder = recorder;
    this.#options = options;
    this.#etcd = new EtcdRecorder(recorder, scene.lab);
    const random = new SeededRandom(options.seed);
    this.#workload = new Workload({ lab: scene.lab, recorder, random, registrationTtlMs, holdDownMs });
  }

  async run(): Promise<void> {
    const { plan } = this.#lab;
    this.#recorder.write({
      ...{ kind: 'run', seed: this.#options.seed, cluster: plan.cluster, realNodes: plan.nodes.map(({ id }) => id) },
      ...{ registrationTtlMs, holdDownMs, clockRate: this.#options.clockRate ?? clockRate },
    });
    this.#noteStandingContainers();
    await this.#etcd.start();
    const pings = this.#startPings();
    const beliefs = new BeliefSampler(this.#recorder, this.#lab, 100);
    const arena = openArena(this.#lab, this.#etcd);
    try {
      await this.#workload.start();
      await this.#faults(arena);
      this.#options.told?.(await processorTimes(this.#lab));
    } finally {
      await this.#workload.stop();
      await Promise.all(pings.map((ping) => ping.stop()));
      await beliefs.stop();
    }
    await this.#rest();
    await this.#etcd.close();
    if (this.#etcd.failure !== undefined) throw this.#etcd.failure;
  }

  async #faults(arena: Omit<Arena, 'random'>): Promise<void> {
    const { nemeses, seed, durationMs, mostFaults = Infinity } = this.#options;
    const endAt = this.#recorder.now() + durationMs;
    for (const fault of planFaults(nemeses, seed)) {
      if (this.#recorder.now() > endAt || fault.number > mostFaults) return;
      await this.#fault({ ...arena, random: new SeededRandom(fault.seed) }, fault);
    }
  }

  async #fault(arena: Arena, { number, nemesis, calmMs, lastsMs }: PlannedFault): Promise<void> {
    await systemClock.sleep(calmMs);
    await this.#secrets.learn(this.#lab);
    await this.#workload.busy(leastRatePerSec + 5, busyPatienceMs);
    const { inFlight } = this.#recorder;
    const ratePerSec = this.#recorder.ratePerSec(rateOverMs);
    const strikeMs = this.#recorder.now();
    const strike = await nemesis.strike(arena);
    const struckMs = this.#recorder.now();
    await systemClock.sleep(lastsMs);
    const healMs = this.#recorder.now();
    await strike.heal();
    const healedMs = this.#recorder.now();
    this.#workload.holdChanges();
    const { convergedMs, differences } = await converge(this.#lab, this.#etcd.store, {
      patienceMs,
      steadyMs: steadyMs[nemesis.harm],
    });
    this.#workload.allowChanges();
    this.#recorder.write({
      ...{ kind: 'fault', number, nemesis: nemesis.name, what: strike.what, harm: nemesis.harm },
      ...(nemesis.gapBoundMs === undefined ? {} : { gapBoundMs: nemesis.gapBoundMs }),
      ...{ strikeMs, struckMs, healMs, healedMs, inFlight, ratePerSec, convergedMs, differences },
    });
    const agreed = convergedMs === null ? `never agreed: ${differences.join('; ')}` : `${Math.round(convergedMs)} ms`;
    this.#options.told?.(
      `${number} ${nemesis.name}: ${strike.what}, for ${Math.round(healMs - struckMs)} ms; ${ratePerSec.toFixed(0)}/s at load ${loadavg()[0]?.toFixed(1)}, agreed: ${agreed}`,
    );
  }

  /** The containers that stay were added before the history began: their addresses are held from its beginning on. */
  #noteStandingContainers(): void {
    for (const { id, nodeId, addresses } of this.#scene.places) {
      const atMs = this.#recorder.now();
      this.#recorder.write({
        ...{ kind: 'operation', process: 'bring-up', name: 'add', nodeId, containerId: id, addresses },
        ...{ invokeMs: atMs, endMs: atMs, outcome: 'ok' },
      });
    }
  }

  /** Around the ring of nodes, in both families. */
  #startPings(): PingWatch[] {
    const { places } = this.#scene;
    return places.map((from, index) => {
      const to = places[(index + 2) % places.length] ?? from;
      return new PingWatch(this.#recorder, from, { to, address: to.addresses[index % 2] ?? '' });
    });
  }

  /** Everything that came is deleted; what is left on the nodes is what stays, or a leak. What cannot be looked at is missing in the history. */
  async #rest(): Promise<void> {
    await this.#workload.cleanUp();
    for (const node of this.#lab.plan.nodes) await this.#lookAt(node).catch((error: unknown) => this.#tell(error));
    const scan = this.#secrets.look(this.#lab, this.#etcd.store, this.#options.dir);
    await scan.then((event) => this.#recorder.write(event)).catch((error: unknown) => this.#tell(error));
  }

  async #lookAt(node: NodePlan): Promise<void> {
    const until = this.#recorder.now() + restPatienceMs;
    let holdings = await readHoldings(this.#lab, node, node.containers);
    // What was queued while the node-manager was away is replayed every ten seconds.
    while (audit(holdings, holdings.host).length > 0 && this.#recorder.now() < until) {
      await systemClock.sleep(1_000);
      holdings = await readHoldings(this.#lab, node, node.containers);
    }
    const { host: _, alive, ...rest } = holdings;
    this.#recorder.write({ kind: 'rest', nodeId: node.id, holdings: { ...rest, alive: [...alive] } });
  }

  #tell(error: unknown): void {
    this.#options.told?.(messageOf(error));
  }
}

/** A new folder's path for a run, named by its seed and the time. */
export function runDirectory(root: string, seed: number, at: Date): string {
  return join(root, '.cache', 'nemesis', `${at.toISOString().replaceAll(/[:.]/g, '-')}-${seed}`);
}
