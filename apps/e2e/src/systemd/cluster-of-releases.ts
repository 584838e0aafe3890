/** Three machines with a release each, and etcd beside them: brought up, asked, and upgraded one after the other. */
import { createManagerClient, type ManagerClient } from '@wgcni/api';
import { systemRandom } from '@wgcni/base';
import { drawToken, formatToken, tokenHash } from '@wgcni/pki';
import { addBridge, type Lab, until } from '@wgcni/testing';
import { InstalledNode, managerUnit, nodeUnit } from './installed-node.ts';
import type { Release } from './releases.ts';

/** How quick anything is, is judged elsewhere: here three machines share the processors of one. */
const patienceMs = 60_000;

export class ClusterOfReleases {
  readonly #lab: Lab;
  readonly nodes: InstalledNode[] = [];

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** etcd, and machines with nothing of ours but the archives. */
  async boot(releases: readonly Release[]): Promise<void> {
    await this.#lab.certify();
    await addBridge(this.#lab.plan);
    await this.#lab.startAllEtcd();
    const booting = this.#lab.plan.nodes.map((plan) => InstalledNode.boot(this.#lab, plan, releases));
    for (const booted of await Promise.allSettled(booting)) {
      if (booted.status === 'rejected') throw booted.reason;
      this.nodes.push(booted.value);
    }
  }

  /** As the README says: install everywhere, cluster-managers, and nodes that join by tokens. */
  async comeUp(release: Release, examples: string): Promise<void> {
    const network = { BOOTSTRAP: 'true', POOL: this.#lab.plan.pools.join(',') };
    await Promise.all(
      this.nodes.map(async (node, index) => {
        await node.install(release);
        await node.configure(examples, index === 0 ? network : {});
      }),
    );
    for (const node of this.nodes) {
      await node.enable(managerUnit);
      await this.ask(node, (client) => until(patienceMs, node.url, () => client.network()));
    }
    for (const node of this.nodes) await node.writeToken(await this.#tokenFor(node));
    await Promise.all(this.nodes.map((node) => node.enable(nodeUnit)));
    await Promise.all(this.nodes.map((node) => node.ready()));
  }

  /** One replica alone, as the operator. */
  async ask<T>({ url }: InstalledNode, question: (client: ManagerClient) => Promise<T>): Promise<T> {
    const client = createManagerClient({ urls: [url], credentials: this.#lab.operator });
    try {
      return await question(client);
    } finally {
      await client.close();
    }
  }

  /** The machine whose cluster-manager leads. */
  async leader(): Promise<InstalledNode> {
    return until(patienceMs, 'a leader', async () => {
      const said = await Promise.all(this.nodes.map((node) => this.ask(node, (client) => client.leader())));
      const ids = new Set(said.map(({ leader }) => leader?.replicaId));
      const found = this.nodes.find(({ plan }) => ids.size === 1 && ids.has(plan.id));
      return found ?? new Error(`they say: ${JSON.stringify(said)}`);
    });
  }

  async restartManager(node: InstalledNode): Promise<void> {
    await node.restart(managerUnit);
    await this.ask(node, (client) => until(patienceMs, node.url, () => client.leader()));
  }

  /** Restarts the cluster-managers of `old` until another one leads; they run as before. */
  async haveOtherLeader(old: readonly InstalledNode[]): Promise<void> {
    await until(patienceMs, 'another leader', async () => {
      const leader = await this.leader();
      if (!old.includes(leader)) return true;
      await this.restartManager(leader);
      return new Error(`${leader.plan.id} leads`);
    });
  }

  /** What runs on each machine, as the register has it. */
  async versions(): Promise<Record<'replicas' | 'nodes', Record<string, string | null>>> {
    const [first] = this.nodes;
    if (first === undefined) throw new Error('no machine was booted');
    return this.ask(first, async (client) => ({
      replicas: Object.fromEntries(
        (await client.replicas()).items.map(({ replicaId, version }) => [replicaId, version]),
      ),
      nodes: Object.fromEntries((await client.nodes()).items.map(({ nodeId, version }) => [nodeId, version])),
    }));
  }

  async remove(): Promise<void> {
    const removed = await Promise.allSettled(this.nodes.map((node) => node.remove()));
    await this.#lab.down();
    for (const one of removed) if (one.status === 'rejected') throw one.reason;
  }

  async #tokenFor(node: InstalledNode): Promise<string> {
    const drawn = drawToken('', systemRandom);
    const input = { hash: tokenHash(drawn.secret), nodeId: node.plan.id, ttlSec: 3_600, uses: 1 };
    const { authority } = await this.ask(node, (client) => client.putToken(drawn.id, input));
    return formatToken({ ...drawn, authority: authority ?? '' }).reveal();
  }
}
