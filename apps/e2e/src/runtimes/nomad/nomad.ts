/** Nomad on the nodes of a lab: a client on each, in the node's network namespace, and the server beside the first. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  removeCgroups,
  startProcess,
  until,
  type InstalledCni,
  type LabPlan,
  type LabProcess,
  type NodePlan,
} from '@wgcni/testing';
import { unmountBelow } from '../unmount-below.ts';
import { NomadApi, type Allocation } from './nomad-api.ts';
import { jobOf, type JobWish } from './job.ts';

export interface NomadPlace {
  node: NodePlan;
  installed: InstalledCni;
}

export class Nomad {
  readonly api: NomadApi;
  readonly #agents: LabProcess[];
  readonly #plan: LabPlan;

  private constructor(plan: LabPlan, api: NomadApi, agents: LabProcess[]) {
    this.#plan = plan;
    this.api = api;
    this.#agents = agents;
  }

  /** Starts an agent at each place; resolves when every client is ready to run tasks. */
  static async open(program: string, plan: LabPlan, places: readonly NomadPlace[]): Promise<Nomad> {
    const [first] = places;
    if (first === undefined) throw new Error('Nomad needs a node');
    const server = first.node.underlay.v4;
    const agents: LabProcess[] = [];
    for (const place of places) {
      const dir = join(plan.dir, place.node.id, 'nomad');
      await mkdir(dir, { recursive: true });
      await writeFile(join(dir, 'agent.hcl'), configuration(place, dir, server));
      agents.push(
        startProcess({
          ...{ name: `Nomad of ${place.node.id}`, netnsPath: place.node.netnsPath, log: join(dir, 'log') },
          argv: [program, 'agent', `-config=${join(dir, 'agent.hcl')}`],
        }),
      );
    }
    const opened = new Nomad(plan, new NomadApi(`http://${server}:4646`), agents);
    await opened.#isReady(places.length);
    return opened;
  }

  /** Runs a job; resolves with its allocation once that runs. */
  async run(wish: JobWish): Promise<Allocation> {
    await this.api.register(jobOf(wish));
    return until(60_000, `the allocation of ${wish.id}`, async () => {
      const [allocation] = await this.api.allocations(wish.id);
      if (allocation === undefined) return new Error('it is not placed');
      const { ClientStatus, ClientDescription } = allocation;
      return ClientStatus === 'running' ? allocation : new Error(`it is ${ClientStatus}: ${ClientDescription}`);
    });
  }

  /** Purges every job and ends the agents; a task would outlive its agent. */
  async close(): Promise<void> {
    try {
      for (const id of await this.api.jobs()) await this.api.purge(id);
      await until(30_000, 'every allocation to end', async () => {
        const ids = await this.api.unfinished();
        return ids.length === 0 ? true : new Error(ids.join(', '));
      });
      await this.api.collect();
    } finally {
      for (const agent of this.#agents) await agent.stop();
      for (const { id, netns } of this.#plan.nodes) {
        await unmountBelow(join(this.#plan.dir, id, 'nomad'));
        await removeCgroups(netns);
      }
    }
  }

  #isReady(count: number): Promise<true> {
    return until(60_000, `Nomad (see ${this.#plan.dir}/*/nomad/log)`, async () => {
      const nodes = await this.api.nodes();
      const ready = nodes.filter(({ Status, Drivers }) => Status === 'ready' && Drivers['raw_exec']?.Healthy === true);
      return ready.length === count ? true : new Error(`${ready.length} clients are ready`);
    });
  }
}

/** HCL. Nothing outside the node's namespace is asked: no cloud, no Consul, no Vault, no news of releases. */
function configuration({ node, installed }: NomadPlace, dir: string, server: string): string {
  const isServer = server === node.underlay.v4;
  return `name = "${node.id}"
data_dir = "${dir}/data"
bind_addr = "${node.underlay.v4}"
disable_update_check = true
${isServer ? 'server {\n  enabled = true\n  bootstrap_expect = 1\n}\n' : ''}client {
  enabled = true
  servers = ["${server}:4647"]
  network_interface = "eth0"
  cni_path = "${installed.binDir}"
  cni_config_dir = "${installed.confDir}"
  cgroup_parent = "/${node.netns}"
  options = {
    "fingerprint.denylist" = "env_aws,env_azure,env_digitalocean,env_gce,consul,vault"
  }
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
consul {
  auto_advertise = false
  server_auto_join = false
  client_auto_join = false
}
`;
}
