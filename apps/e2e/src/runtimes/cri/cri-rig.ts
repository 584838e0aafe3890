/** Two nodes of a lab, each with a runtime that is driven through its CRI. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installCni, removeCgroups, type InstalledCni, type Lab, type NodePlan } from '@wgcni/testing';
import { bringUp, type Scenario } from '../../scenario.ts';
import { leftOver } from '../left-over.ts';
import { RecordedCalls } from '../recorded-calls.ts';
import type { CriClient } from './cri-client.ts';
import { writePauseImage, type PauseImage } from './pause-image.ts';

export interface CriRuntime {
  readonly cri: CriClient;
  /** Paths of the network namespaces that it has pinned for pods. */
  namespaces(): Promise<string[]>;
  /** Starts it (again); resolves when runtime and network are ready. */
  start(): Promise<void>;
  /** As its unit stops it; the pods live on. */
  stop(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Removes its pods, ends it, and takes back what it leaves. */
  close(): Promise<void>;
}

export interface CriHost {
  node: NodePlan;
  installed: InstalledCni;
  runtime: CriRuntime;
  calls: RecordedCalls;
}

export interface CriPlace {
  node: NodePlan;
  installed: InstalledCni;
  /** Its own, there and empty. */
  dir: string;
  image: PauseImage;
}

export class CriRig {
  readonly #scene: Scenario;
  readonly #hosts: CriHost[] = [];

  private constructor(scene: Scenario) {
    this.#scene = scene;
  }

  /** Brings up the lab, the plugin and, by `open`, a runtime on each node. */
  static async up(open: (place: CriPlace) => Promise<CriRuntime>): Promise<CriRig> {
    const rig = new CriRig(await bringUp({ nodes: 2, containersPerNode: 0, managers: 1, etcd: 1 }));
    try {
      const { lab } = rig.#scene;
      const image = await writePauseImage(join(lab.plan.dir, 'images'));
      for (const node of lab.plan.nodes) {
        const installed = await installCni(lab, node);
        const calls = await RecordedCalls.begin(installed);
        const dir = join(lab.plan.dir, node.id, 'runtime');
        await mkdir(dir, { recursive: true });
        rig.#hosts.push({ node, installed, calls, runtime: await open({ node, installed, dir, image }) });
      }
      return rig;
    } catch (error) {
      await rig.down();
      throw error;
    }
  }

  at(index: number): CriHost {
    const host = this.#hosts[index];
    if (host === undefined) throw new Error(`no runtime on node ${index}`);
    return host;
  }

  get lab(): Lab {
    return this.#scene.lab;
  }

  /** The node-manager of a node, to stop and to let it go on. */
  daemon(index: number): { kill(signal: NodeJS.Signals): void } {
    return this.lab.process(this.at(index).node.id);
  }

  /** Runs a pod on a node; resolves with its id. */
  run(index: number, name: string): Promise<string> {
    return this.at(index).runtime.cri.run(name, this.#scene.lab.plan.controlNetns);
  }

  /** Stops and removes a pod. */
  async end(index: number, id: string): Promise<void> {
    const { cri } = this.at(index).runtime;
    await cri.stop(id);
    await cri.remove(id);
  }

  /** What the node still has of pods that are gone. */
  leftOver(index: number): Promise<string[]> {
    return leftOver(this.#scene.lab, this.at(index).node);
  }

  /** Addresses by the pod's id, as the node-manager knows them. */
  async attached(index: number): Promise<Map<string, string[]>> {
    const client = this.#scene.lab.nodeClient(this.at(index).node);
    const { items } = await client.attachments({ limit: 1_000 });
    await client.close();
    const bare = (address: string): string => address.replace(/\/.*/, '');
    return new Map(items.map(({ containerId, addresses }) => [containerId, addresses.map((one) => bare(one.address))]));
  }

  async down(): Promise<void> {
    const { lab } = this.#scene;
    try {
      for (const { runtime } of this.#hosts) await runtime.close();
      await removeCgroups(lab.plan.controlNetns);
    } finally {
      await lab.down();
    }
  }
}
