/** Containers of one node that join and leave at random while each sends to all others: for how long did one not hear another? */
import { randomInt } from 'node:crypto';
import { systemClock } from '@wgcni/base';
import { deleteContainer, type Lab, type NodePlan, planContainer, removeNetns } from '@wgcni/testing';
import type { ContainerPlan } from '@wgcni/testing';
import { inParallel } from '../conformance/in-parallel.ts';
import { SeededRandom } from '../crash/random.ts';
import { longestSilence, type Stay } from './silences.ts';
import { Talker, type TalkerReport } from './talker.ts';

/** The first of them are added so many at once; later so many come or go at once. */
const hands = { first: 4, later: 2 };
/** On a busy machine a round goes on until so many have come or gone. */
const fewestChanges = 12;

export interface ChurnOptions {
  seconds: number;
  /** So many are up at most, and half as many at least; default 20. */
  containers?: number;
  /** Each sends to each other this often; default 50 ms. Twenty of them then keep two cores busy. */
  everyMs?: number;
  /** Between two that come or go: up to this; default 600 ms. */
  pauseMs?: number;
  seed?: number;
}

export interface ChurnReport {
  seed: number;
  joins: number;
  leaves: number;
  /** Joins that were given an address that another had before. */
  reused: number;
  /** Ordered pairs that were up together. */
  watched: number;
  datagrams: number;
  longestSilenceMs: number;
  /** Who did not hear whom for longer than a second. */
  blackHoles: string[];
  /** The longest time for which a container could not send because the machine was busy. */
  longestTurnMs: number;
}

interface Life extends Stay {
  container: ContainerPlan;
  address: string;
  talker: Talker;
  report?: TalkerReport;
}

class Churn {
  readonly #lab: Lab;
  readonly #node: NodePlan;
  readonly #random: SeededRandom;
  readonly #most: number;
  readonly #everyMs: number;
  readonly #pauseMs: number;
  readonly #up: Life[] = [];
  readonly #left: Life[] = [];
  readonly #given = new Set<string>();
  reused = 0;
  #made = 0;
  #joining = 0;

  constructor(
    lab: Lab,
    node: NodePlan,
    { seed, most, everyMs, pauseMs }: Record<'seed' | 'most' | 'everyMs' | 'pauseMs', number>,
  ) {
    this.#lab = lab;
    this.#node = node;
    this.#random = new SeededRandom(seed);
    this.#most = most;
    this.#everyMs = everyMs;
    this.#pauseMs = pauseMs;
  }

  async run(seconds: number): Promise<Life[]> {
    await inParallel(hands.first, Array.from({ length: this.#most }), () => this.#join());
    const endAt = systemClock.monotonicMs() + seconds * 1_000;
    let changes = 0;
    await inParallel(hands.later, Array.from({ length: hands.later }), async () => {
      while (systemClock.monotonicMs() < endAt || changes < fewestChanges) {
        changes += 1;
        await this.#change();
        await systemClock.sleep(this.#random.between(0, this.#pauseMs));
      }
    });
    return this.#left;
  }

  async #change(): Promise<void> {
    const length = this.#up.length + this.#joining;
    const isJoin = length <= this.#most / 2 || (length < this.#most && this.#random.next() < 0.5);
    if (!isJoin) return this.#leave(this.#random.pick(this.#up));
    this.#joining += 1;
    await this.#join().finally(() => (this.#joining -= 1));
  }

  /** Everybody still there falls silent; their containers go with the lab. */
  async end(): Promise<void> {
    const toMs = Date.now();
    for (const life of this.#up) life.toMs = toMs;
    const ending = this.#up.splice(0);
    this.#left.push(...ending);
    await Promise.all(ending.map(async (life) => (life.report = await life.talker.stop())));
  }

  get count(): number {
    return this.#up.length;
  }

  async #join(): Promise<void> {
    const container = planContainer(this.#lab.plan.name, 1, (this.#made += 1));
    const result = await this.#lab.addContainer(this.#node, container);
    const address = result.ips.find((one) => !one.address.includes(':'))?.address.replace(/\/.*/, '') ?? '';
    if (this.#given.has(address)) this.reused += 1;
    this.#given.add(address);
    const { id: name, netnsPath } = container;
    const talker = await Talker.start({ netnsPath, name, address, everyMs: this.#everyMs });
    const life: Life = { container, address, talker, fromMs: Infinity, toMs: Infinity };
    this.#up.push(life);
    this.#tell();
    life.fromMs = Date.now();
  }

  async #leave(life: Life): Promise<void> {
    life.toMs = Math.min(life.toMs, Date.now());
    this.#up.splice(this.#up.indexOf(life), 1);
    this.#left.push(life);
    life.report = await life.talker.stop();
    await deleteContainer(this.#lab.programs.plugin, this.#node, life.container);
    await removeNetns(life.container.netns);
    this.#tell();
  }

  #tell(): void {
    for (const { talker, address } of this.#up)
      talker.sendTo(this.#up.map((other) => other.address).filter((other) => other !== address));
  }
}

/**
 * Runs the churn on a node of a lab that is up. `atRest` is called when nobody comes or goes any more and so many are up, still sending.
 */
export async function directChurn(
  lab: Lab,
  node: NodePlan,
  { seconds, containers: most = 20, everyMs = 50, pauseMs = 600, seed = randomInt(2 ** 32 - 1) }: ChurnOptions,
  atRest: (up: number) => Promise<void>,
): Promise<ChurnReport> {
  const churn = new Churn(lab, node, { seed, most, everyMs, pauseMs });
  let lives: Life[] = [];
  let leaves = 0;
  try {
    lives = await churn.run(seconds);
    leaves = lives.length;
    await atRest(churn.count);
  } finally {
    await churn.end();
  }
  return { seed, joins: lives.length, leaves, reused: churn.reused, ...judge(lives) };
}

type Judged = Omit<ChurnReport, 'seed' | 'joins' | 'leaves' | 'reused'>;

function judge(lives: readonly Life[]): Judged {
  const silences = lives.flatMap((listener) =>
    lives.flatMap((sender) => {
      if (sender === listener) return [];
      const ms = longestSilence(sender, listener, listener.report?.heard[sender.container.id]);
      return ms === undefined ? [] : [{ who: `${listener.container.id} of ${sender.container.id}`, ms }];
    }),
  );
  const reports = lives.flatMap(({ report }) => report ?? []);
  return {
    watched: silences.length,
    datagrams: reports.reduce((sum, { sent }) => sum + sent, 0),
    longestSilenceMs: Math.max(0, ...silences.map(({ ms }) => ms)),
    blackHoles: silences.filter(({ ms }) => ms > 1_000).map(({ who, ms }) => `${who}: ${ms} ms`),
    longestTurnMs: Math.max(0, ...reports.map(({ longestTurnMs }) => longestTurnMs)),
  };
}
