/** A machine that runs a node-manager: it starts, dies with or without its data, and may be one of two under one node id. */
import { Actor } from './actor.ts';
import { ManagerClient } from './manager-client.ts';
import type { ManagerNetwork } from './manager-api.ts';
import { emptyDisk, usableGrants, type NodeDisk } from './node-disk.ts';
import { NodeSession } from './node-session.ts';
import { SeededRandom } from './seeded-random.ts';
import type { Timeline } from './timeline.ts';

export interface MachineDeps {
  timeline: Timeline;
  network: ManagerNetwork;
  seed: number;
  /** Called when what the machine may use has grown. */
  touched: (machine: NodeMachine) => void;
  failed: (error: unknown) => void;
}

export class NodeMachine {
  readonly name: string;
  readonly nodeId: string;
  disk: NodeDisk;
  session: NodeSession | undefined;
  /** Another machine has this node's id now: it ends as soon as it hears of it. */
  isReplaced = false;
  readonly #deps: MachineDeps;
  #actor: Actor | undefined;
  #starts = 0;

  constructor(name: string, nodeId: string, deps: MachineDeps) {
    this.name = name;
    this.nodeId = nodeId;
    this.#deps = deps;
    this.disk = emptyDisk(nodeId, new SeededRandom(deps.seed, `${name} disk`));
  }

  get isRunning(): boolean {
    return this.#actor !== undefined;
  }

  start(takeOver = false): void {
    if (this.isRunning) return;
    this.#starts += 1;
    const { timeline, network, seed, touched, failed } = this.#deps;
    const name = `${this.name}#${this.#starts}`;
    const actor = new Actor({ name, timeline, random: new SeededRandom(seed, name) });
    this.#actor = actor;
    if (takeOver) this.disk.isDeleted = false;
    const client = new ManagerClient(network, actor, this.name);
    const session = new NodeSession({
      ...{ disk: this.disk, actor, client, takeOver },
      now: () => timeline.nowMs,
      touched: () => touched(this),
    });
    this.session = session;
    session.run().catch(failed);
  }

  crash(): void {
    this.#actor?.kill();
    this.#actor = undefined;
    this.session = undefined;
  }

  /** The data directory is gone, and with it the containers. */
  loseData(): void {
    this.disk = emptyDisk(this.nodeId, new SeededRandom(this.#deps.seed, `${this.name} disk ${this.#starts}`));
  }

  /** The subnets that addresses may be given from now, running or after a start: none when another machine has the node's id. */
  usable(nowMs: number): readonly string[] {
    return this.isReplaced ? [] : usableGrants(this.disk, nowMs).map(({ cidr }) => cidr);
  }
}
