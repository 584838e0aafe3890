/** A node's registration over a cluster in memory: real files, clocks that the test sets, restarts and reboots at any moment. */
import { systemClock, systemRandom, silentLog } from '@wgcni/base';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pulse } from '../pulse.ts';
import { ContactKeeper } from '../registration/contact-keeper.ts';
import type { Instant } from '../registration/contact.ts';
import { keepIdentity, recordIdentity, type Identity } from '../registration/identity.ts';
import { RegistrationSession } from '../registration/session.ts';
import { judge, type Judgement, type StandingBoard, standingAtStart } from '../registration/standing.ts';
import { readSnapshot } from '../view/read-snapshot.ts';
import { ViewKeeper } from '../view/view-keeper.ts';
import type { FakeCluster } from './fake-cluster.ts';

const emptyKernel = { links: [], addresses: [], routes: [], policyRoutes: [] };

interface Running {
  session: RegistrationSession;
  keeper: ViewKeeper;
  contact: ContactKeeper;
  board: StandingBoard;
  pulse: Pulse;
  stop: AbortController;
  /** Settles when the session has ended by itself, or after `stop`. */
  ended: Promise<unknown>;
}

export class RegisteringNode {
  readonly cluster: FakeCluster;
  readonly nodeId: string;
  readonly dataDir: string;
  now: Instant = { bootId: 'boot-1', uptimeMs: 3_600_000, wallMs: 1_700_000_000_000 };
  attachments = 0;
  /** What it was told to offer, and to be dialled by. */
  offers: string[] = [];
  endpoints = ['192.0.2.1:51820'];
  /** What makes a look at the underlay fail. */
  underlayFailure: Error | undefined;
  /** What is done between the surrender of grants and the word that nothing uses them. */
  settle: () => Promise<void> = async () => {};
  #running: Running | undefined;

  private constructor(cluster: FakeCluster, nodeId: string, dataDir: string) {
    this.cluster = cluster;
    this.nodeId = nodeId;
    this.dataDir = dataDir;
  }

  static async make(cluster: FakeCluster, nodeId = 'n1'): Promise<RegisteringNode> {
    return new RegisteringNode(cluster, nodeId, await mkdtemp(join(tmpdir(), 'wgcni-registering-')));
  }

  /** Starts over what the disk holds. */
  async start({ takeOver = false } = {}): Promise<void> {
    const { dataDir, nodeId, cluster } = this;
    let identity: Identity = await keepIdentity(dataDir, nodeId, systemRandom);
    if (takeOver) identity = { ...identity, isDeleted: false, isSuperseded: false };
    const keeper = new ViewKeeper({ dataDir, nodeId, observe: async () => emptyKernel, log: silentLog });
    await keeper.load();
    const contact = new ContactKeeper({ dataDir, now: () => this.now, log: silentLog });
    await contact.load();
    const board: StandingBoard = { standing: standingAtStart(identity), isDraining: keeper.view.isDraining ?? false };
    const pulse = new Pulse();
    const session = new RegistrationSession({
      offers: () => this.offers,
      ...{ nodeId, instance: identity.instance, version: '1', takeOver, publicKey: `${'A'.repeat(43)}=` },
      ...{ manager: cluster.manager, keeper, contact, board, pulse, life: identity },
      ...{ clock: systemClock, random: systemRandom, log: silentLog },
      findUnderlay: async () => {
        if (this.underlayFailure !== undefined) throw this.underlayFailure;
        return { kind: 'found', endpoints: this.endpoints, mtu: 1_500 };
      },
      attachments: { counts: () => ({ total: this.attachments }), isEmpty: () => this.attachments === 0 },
      settle: () => this.settle(),
      recordLife: (change) => recordIdentity(dataDir, (identity = { ...identity, ...change })),
    });
    const stop = new AbortController();
    const ended = session.run(stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    this.#running = { session, keeper, contact, board, pulse, stop, ended };
  }

  async stop(): Promise<void> {
    this.#running?.stop.abort(new Error('stopped'));
    await this.#running?.ended;
    this.#running = undefined;
  }

  async restart(flags: { takeOver?: boolean } = {}): Promise<void> {
    await this.stop();
    await this.start(flags);
  }

  async reboot(offMs: number): Promise<void> {
    await this.stop();
    this.now = { bootId: `${this.now.bootId}+`, uptimeMs: 10, wallMs: this.now.wallMs + offMs };
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true });
  }

  get running(): Running {
    if (this.#running === undefined) throw new Error(`${this.nodeId} is not running`);
    return this.#running;
  }

  pass(ms: number): void {
    this.now = { ...this.now, uptimeMs: this.now.uptimeMs + ms, wallMs: this.now.wallMs + ms };
  }

  /** What the watch of the store would bring. */
  async watch(): Promise<void> {
    const { items, revision } = await this.cluster.store.range(this.cluster.keys.mesh);
    await this.running.keeper.accept(readSnapshot(items, revision, this.cluster.keys));
  }

  judgement(): Judgement {
    const { keeper, contact, board } = this.running;
    const fenceReason = (holdDownMs: number): string | undefined => contact.fenceReason(holdDownMs);
    return judge({ ...board, view: keeper.view, isAccounted: true, isHostKept: true, fenceReason });
  }

  /** Calls that this node made of that name. */
  calls(name: 'register' | 'renew' | 'release'): number {
    return this.cluster.calls.filter((call) => call.name === name && call.nodeId === this.nodeId).length;
  }
}
