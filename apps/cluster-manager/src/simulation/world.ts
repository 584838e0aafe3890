/** Everything that one run is made of, put together: store, links, cluster-managers, machines, an operator, and the judge. */
import { messageOf } from '@wgcni/base';
import { encodeRecord, writtenSchema, type Keys } from '@wgcni/store';
import { Actor } from './actor.ts';
import { Judge } from './judge.ts';
import { Link, type LinkQuality } from './link.ts';
import { type ManagerNetwork, subjectOf } from './manager-api.ts';
import { ManagerClient } from './manager-client.ts';
import { NodeMachine } from './node-machine.ts';
import type { RunPlan } from './plan.ts';
import { ReplicaProcess } from './replica-process.ts';
import { SeededRandom } from './seeded-random.ts';
import { StoreServer } from './store-server.ts';
import { Timeline } from './timeline.ts';

const goodWeather: LinkQuality = { usualMs: 2, slowPercent: 0, slowMs: 0, lossPercent: 0 };

export type Trace = (atMs: number, who: string, event: string, fields: object) => void;

export class World {
  readonly plan: RunPlan;
  readonly timeline: Timeline;
  readonly server: StoreServer;
  readonly replicas: ReplicaProcess[] = [];
  readonly machines: NodeMachine[] = [];
  readonly judge: Judge;
  readonly operator: ManagerClient;
  readonly network: ManagerNetwork;
  readonly note: (who: string, event: string, fields?: object) => void;
  readonly #links = new Map<string, Link>();
  #weather: LinkQuality;
  #isHealed = false;

  constructor(plan: RunPlan, trace?: Trace) {
    const { seed } = plan;
    this.plan = plan;
    this.#weather = plan.weather;
    this.timeline = new Timeline(new SeededRandom(seed, 'timeline'));
    this.server = new StoreServer(this.timeline);
    this.note = (who, event, fields = {}) => trace?.(this.timeline.nowMs, who, event, fields);
    const { timeline, server, machines, replicas } = this;
    this.judge = new Judge({ plan, timeline, server, machines, replicas });
    this.network = {
      sites: this.replicas,
      linkOf: (from, to) => this.linkBetween(from, to),
      witness: ({ actor }, request, answer) => {
        this.note(actor.name, `answers ${request.kind} of ${subjectOf(request)}`, answer);
        this.judge.answered(request, answer);
      },
      surprised: (error) => this.judge.accuse('the program does not fail', messageOf(error.cause ?? error)),
    };
    if (trace !== undefined) this.#traceCommits();
    this.#putNetwork(this.judge.keys);
    for (let index = 0; index < plan.replicas; index += 1) this.#addReplica(index, trace);
    const operator = new Actor({ name: 'operator', timeline, random: new SeededRandom(seed, 'operator') });
    this.operator = new ManagerClient(this.network, operator, 'operator');
    for (let index = 0; index < plan.nodes; index += 1) this.addMachine(`n${index + 1}`, `n${index + 1}`);
  }

  /** How every link is from now on; after everything has healed it stays as it is. */
  set weather(quality: LinkQuality) {
    if (!this.#isHealed) this.#setWeather(quality);
  }

  /** Ends everything that goes wrong, and lets nothing go wrong any more. */
  heal(): void {
    this.note('plan', 'everything heals');
    this.#isHealed = true;
    this.#setWeather(goodWeather);
    for (const link of this.#links.values()) link.heal();
    for (const replica of this.replicas) {
      replica.store.watches.lagMs = 0;
      replica.store.atNextWrite = undefined;
      replica.store.stallWrites(0);
      replica.start();
    }
    for (const machine of this.machines) if (!machine.isReplaced) machine.start();
  }

  linkBetween(from: string, to: string): Link {
    const name = from < to ? `${from} ${to}` : `${to} ${from}`;
    const known = this.#links.get(name);
    if (known !== undefined) return known;
    const link = new Link(this.timeline, new SeededRandom(this.plan.seed, `link ${name}`), this.#weather);
    this.#links.set(name, link);
    return link;
  }

  /** The replica that believes it leads, or undefined. */
  leader(): ReplicaProcess | undefined {
    return this.replicas.find(({ replica }) => replica?.election.leadership !== undefined);
  }

  addMachine(name: string, nodeId: string): NodeMachine {
    const machine = new NodeMachine(name, nodeId, {
      timeline: this.timeline,
      network: this.network,
      seed: this.plan.seed,
      touched: (which) => this.judge.touched(which),
      failed: (error) => this.judge.accuse('the program does not fail', messageOf(error)),
    });
    this.machines.push(machine);
    return machine;
  }

  #setWeather(quality: LinkQuality): void {
    this.#weather = quality;
    for (const link of this.#links.values()) link.quality = quality;
  }

  #addReplica(index: number, trace: Trace | undefined): void {
    const id = `m${index + 1}`;
    const { timeline, server, plan } = this;
    this.replicas.push(
      new ReplicaProcess(id, {
        ...{ timeline, server, seed: plan.seed, timing: plan.timing },
        link: this.linkBetween(id, 'store'),
        clockRate: plan.clockRates[index] ?? 1,
        trace: trace === undefined ? undefined : this.note,
      }),
    );
  }

  #putNetwork(keys: Keys): void {
    const { subnets, hasTwoFamilies, timing } = this.plan;
    const bits = Math.round(Math.log2(subnets));
    const pools = [
      { cidr: `10.64.0.0/${24 - bits}`, prefixLength: 24 },
      ...(hasTwoFamilies ? [{ cidr: `fd64::/${64 - bits}`, prefixLength: 64 }] : []),
    ];
    const { registrationTtlSec, holdDownSec } = timing;
    const record = {
      ...{ schema: writtenSchema, networkId: '0123456789abcdef0123456789abcdef', pools },
      // So few that what one leaves is soon the next one's.
      clientPools: ['10.66.0.0/30'],
      ...{ mtu: 1_420, keepaliveSec: 25, registrationTtlSec, holdDownSec },
    };
    const then = [{ kind: 'put' as const, key: keys.network, value: encodeRecord(record) }];
    this.server.as('setup', (backend) => backend.transact({ compare: [], then }));
  }

  #traceCommits(): void {
    this.server.onChange((change) => {
      if (change.kind === 'restored') return this.note('store', 'is restored');
      const { author, revision, events } = change.commit;
      for (const event of events) {
        const [key, value] = event.kind === 'put' ? [event.item.key, event.item.value] : [event.key, undefined];
        this.note('store', `${event.kind} ${key} at ${revision}`, {
          author,
          ...(value === undefined ? {} : { value }),
        });
      }
    });
  }
}
