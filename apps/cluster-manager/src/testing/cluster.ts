/** Replicas over one store in memory, with a clock that the test moves and the REST surface asked without a network. */
import type { RegisterInput, Registration } from '@wgcni/api';
import type { Answered } from '@wgcni/api/server';
import { type Log, silentLog, systemRandom } from '@wgcni/base';
import { keysOf, MemoryBackend, MemoryStore, type StoredKey } from '@wgcni/store';
import { ManualClock, settled } from '@wgcni/testing';
import { randomBytes } from 'node:crypto';
import { buildApp } from '../app.ts';
import { parseConfig } from '../config.ts';
import { runReplica, type RunningReplica } from '../run-replica.ts';

type App = Awaited<ReturnType<typeof buildApp>>;

export interface TestReplica {
  replica: RunningReplica;
  store: MemoryStore;
  app: App;
  /** Ends as after SIGTERM. */
  stop(): Promise<void>;
}

export const plan = {
  pools: [
    { cidr: '10.64.0.0/20', prefixLength: 24 },
    { cidr: 'fd64::/60', prefixLength: 64 },
  ],
};

/** A registration as a node-manager sends it; each call is of another instance unless told. */
export function asNode(change: Partial<RegisterInput> = {}): RegisterInput {
  return {
    instance: randomBytes(16).toString('hex'),
    version: '1',
    readableSchema: 3,
    publicKey: randomBytes(32).toString('base64'),
    endpoints: ['192.0.2.11:51820'],
    underlayMtu: 1_500,
    held: [],
    ...change,
  };
}

export class TestCluster {
  readonly clock: ManualClock;
  readonly backend: MemoryBackend;
  readonly keys = keysOf('main');
  /** Events that were logged, with their fields. */
  readonly logged: { event: string; fields: object }[] = [];
  readonly #replicas: TestReplica[] = [];

  constructor(clock = new ManualClock()) {
    this.clock = clock;
    this.backend = new MemoryBackend(clock);
  }

  /** A replica that has read the store; the first one leads. */
  async start(id: string, flags: string[] = []): Promise<TestReplica> {
    const store = new MemoryStore(this.backend);
    const stop = new AbortController();
    const argv = ['--etcd=http://localhost:2379', '--cluster=main', '--listen=localhost:7001', '--insecure'];
    const config = parseConfig({
      argv: [...argv, '--advertise=http://localhost:7001', `--replica-id=${id}`, ...flags],
      env: {},
      hostname: 'localhost',
    });
    const deps = { store, clock: this.clock, random: systemRandom, log: this.#log(), version: '1' };
    const replica = runReplica(deps, config, stop.signal);
    await settled();
    const told = { onAnswered: (answered: Answered): void => replica.meters.answers.take(answered) };
    const app = await buildApp(replica, undefined, undefined, told);
    const started: TestReplica = {
      replica,
      store,
      app,
      stop: async () => {
        stop.abort();
        await this.pass(200);
        await replica.ended;
        await app.close();
        await replica.forwarder.close();
      },
    };
    this.#replicas.push(started);
    await this.pass(200);
    return started;
  }

  /** The usual: one replica that leads, and a network of 16 subnets of each family. */
  async startWithNetwork(flags: string[] = [], network: object = {}): Promise<TestReplica> {
    const started = await this.start('m1', flags);
    const { statusCode, body } = await started.app.inject({
      method: 'PUT',
      url: '/v1/network',
      payload: { ...plan, registrationTtlSec: 10, holdDownSec: 120, ...network },
    });
    if (statusCode !== 200) throw new Error(body);
    return started;
  }

  /** Moves time on in small steps; leases end as in etcd, by themselves. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await this.clock.advance(Math.min(500, ms - passed));
      this.backend.expireLeases();
      await settled();
    }
  }

  /** Every key of the cluster, as the store has it. */
  stored(prefix: string): StoredKey[] {
    return this.backend.range(prefix, {}).items;
  }

  /** Writes as somebody else would, without a compare; no value deletes. */
  write(key: string, value?: string): void {
    const write = value === undefined ? ({ kind: 'delete', key } as const) : ({ kind: 'put', key, value } as const);
    this.backend.transact({ compare: [], then: [write] });
  }

  async stop(): Promise<void> {
    for (const { stop, store } of this.#replicas) {
      store.faults.isPartitioned = false;
      await stop();
    }
  }

  #log(): Log {
    const note = (fields: object, event: string): void => void this.logged.push({ event, fields });
    return { ...silentLog, info: note, warn: note, error: note };
  }
}

/** Lets `change` happen in the store between the plan and the commit of the replica's next transaction that writes `key`. */
export function beforeCommitOf(key: string, { store }: TestReplica, change: () => void): void {
  const transact = store.transact.bind(store);
  store.transact = (transaction) => {
    if (transaction.then.some((write) => write.key === key)) {
      store.transact = transact;
      change();
    }
    return transact(transaction);
  };
}

/** What a request answered, parsed where it is JSON. */
export interface Answer {
  status: number;
  json: Record<string, unknown> & { code?: string; field?: string; remedy?: string };
}

/** Asks a replica over its REST surface. */
export async function ask(
  { app }: TestReplica,
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  payload?: object,
): Promise<Answer> {
  const answer = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
  const isJson = answer.body !== '' && /json/.test(String(answer.headers['content-type']));
  return { status: answer.statusCode, json: isJson ? answer.json() : {} };
}

/** Registers a node that must be taken. */
export async function join(replica: TestReplica, nodeId: string, input = asNode()): Promise<Registration> {
  const { status, json } = await ask(replica, 'PUT', `/v1/nodes/${nodeId}`, input);
  if (status !== 200) throw new Error(JSON.stringify(json));
  return json as unknown as Registration;
}
