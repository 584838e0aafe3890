/** One cluster-manager of the simulation: the product's own replica on a distant store, started, stopped, killed and started again. */
import { silentLog, type Log } from '@wgcni/base';
import type { Config } from '../config.ts';
import { runReplica, type RunningReplica } from '../run-replica.ts';
import { Actor } from './actor.ts';
import { DistantStore } from './distant-store.ts';
import type { Link } from './link.ts';
import type { ManagerSite } from './manager-api.ts';
import { SeededRandom } from './seeded-random.ts';
import type { StoreServer } from './store-server.ts';
import type { Timeline } from './timeline.ts';

interface ReplicaTiming {
  leaderTtlSec: number;
  readingMs: number;
  restMs: number;
}

export interface ReplicaProcessDeps {
  timeline: Timeline;
  server: StoreServer;
  link: Link;
  seed: number;
  timing: ReplicaTiming;
  clockRate: number;
  /** Told of each event that the replica logs; undefined while nobody listens. */
  trace: ((who: string, event: string, fields: object) => void) | undefined;
}

export const cluster = 's';

export class ReplicaProcess implements ManagerSite {
  readonly id: string;
  actor: Actor;
  store: DistantStore;
  replica: RunningReplica | undefined;
  readonly link: Link;
  readonly #deps: ReplicaProcessDeps;
  #stop = new AbortController();
  #starts = 0;
  #unknowns = 0;

  constructor(id: string, deps: ReplicaProcessDeps) {
    this.id = id;
    this.#deps = deps;
    this.link = deps.link;
    this.actor = this.#newActor();
    this.store = new DistantStore(this.actor, this.link, deps.server);
  }

  /** How often it has left it open whether a transaction was committed, by a lost answer or by dying. */
  get unknowns(): number {
    return this.#unknowns + this.store.unknowns;
  }

  start(): void {
    if (this.replica !== undefined) return;
    this.#starts += 1;
    this.actor = this.#newActor();
    this.store = new DistantStore(this.actor, this.link, this.#deps.server);
    this.#stop = new AbortController();
    const { actor, store } = this;
    const deps = { store, clock: actor.clock, random: actor.random, log: this.#log(actor.name), version: '1' };
    this.replica = runReplica(deps, this.#config(), this.#stop.signal);
  }

  /** As SIGKILL. */
  kill(): void {
    if (this.replica !== undefined) this.#unknowns += this.store.unknowns + 1;
    this.store.unknowns = 0;
    this.actor.kill();
    this.store.watches.abandon();
    this.replica = undefined;
  }

  /** As SIGTERM: it resigns, and is killed when it has not ended by then. */
  stop(withinMs: number): void {
    const stopping = this.actor;
    this.#stop.abort(new Error('SIGTERM'));
    this.#deps.timeline.after(withinMs, () => {
      if (this.actor === stopping) this.kill();
    });
  }

  #newActor(): Actor {
    const { timeline, seed, clockRate } = this.#deps;
    const name = `${this.id}#${this.#starts}`;
    return new Actor({ name, timeline, random: new SeededRandom(seed, name), clockRate });
  }

  #log(who: string): Log {
    const { trace } = this.#deps;
    if (trace === undefined) return silentLog;
    const note = (fields: object, event: string): void => trace(who, event, fields);
    return { debug: note, info: note, warn: note, error: note };
  }

  #config(): Config {
    const { leaderTtlSec, readingMs, restMs } = this.#deps.timing;
    return {
      ...{ etcd: [], cluster, listen: { host: 'localhost', port: 1 }, advertise: `http://${this.id}` },
      ...{
        replicaId: this.id,
        bootstrap: false,
        network: {},
        logLevel: 'silent',
        tls: undefined,
        authority: undefined,
        etcdTls: undefined,
        healthListen: undefined,
      },
      ...{ leaderTtlSec, silenceReadingMs: readingMs, restMs },
      clients: { ratePerSec: 0, rateBurst: 1, connections: 1, connectionsPerClient: 1 },
    };
  }
}
