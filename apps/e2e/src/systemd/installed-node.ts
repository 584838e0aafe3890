/** A machine that a release is installed on as the README says: a cluster-manager and a node-manager as units, containers by the plugin. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createNodeClient, type NodeStatus } from '@wgcni/api';
import { addNode, authorityPaths, type Lab, type NodePlan, removeNetns, until } from '@wgcni/testing';
import { BootedMachine, filesOfMachine } from './booted-machine.ts';
import { MachineDisk } from './machine-disk.ts';
import { machineState } from './machine-state.ts';
import type { Release } from './releases.ts';

export const [managerUnit, nodeUnit] = ['wgcni-cluster-manager.service', 'wgcni-node-manager.service'] as const;

/** What systemd hands to the cluster-manager of its directory. */
const handed = '/run/credentials/wgcni-cluster-manager.service/pki_';

export interface Attached {
  netnsPath: string;
  /** Of each family. */
  addresses: string[];
}

export class InstalledNode {
  readonly #lab: Lab;
  readonly #disk: MachineDisk;
  readonly plan: NodePlan;
  readonly url: string;
  machine: BootedMachine;

  private constructor(lab: Lab, plan: NodePlan, disk: MachineDisk, machine: BootedMachine) {
    this.#lab = lab;
    this.plan = plan;
    this.#disk = disk;
    this.machine = machine;
    this.url = urlOf(plan);
  }

  /** A machine with nothing of ours but the archives, in `/srv`. */
  static async boot(lab: Lab, plan: NodePlan, releases: readonly Release[]): Promise<InstalledNode> {
    const archives = releases.map(({ path }) => [`/srv/${basename(path)}`, { copyOf: path }] as const);
    const files = { ...filesOfMachine, ...Object.fromEntries(archives) };
    const disk = await MachineDisk.make({ dir: join(lab.plan.dir, plan.id, 'machine'), files });
    await addNode(lab.plan, plan);
    const machine = await bootFrom(disk, plan);
    // Of a machine that is used as a node itself.
    await machine.run(['rm', '-rf', '/etc/wgcni', '/var/lib/wgcni', '/usr/lib/wgcni', '/opt/cni']);
    return new InstalledNode(lab, plan, disk, machine);
  }

  /** Unpacks the archive and runs its script; resolves with what that said. */
  async install({ path }: Release): Promise<string> {
    const name = basename(path);
    await this.machine.run(['tar', '--extract', '--gzip', '--directory=/srv', `--file=/srv/${name}`]);
    const said = await this.machine.run([`/srv/${name.replace('.tar.gz', '')}/install.sh`]);
    await this.machine.run(['rm', '-r', `/srv/${name.replace('.tar.gz', '')}`]);
    return said;
  }

  /** Writes what an operator writes: two files of variables, and the authority of the cluster. */
  async configure(example: string, more: Record<string, string>): Promise<void> {
    const { plan } = this.#lab;
    const common = { ETCD: plan.etcd[0]?.clientUrl ?? '', CLUSTER: plan.cluster };
    const listen = this.url.replace('https://', '');
    const emptied = ['TLS_CERT', 'TLS_KEY', 'TLS_CA', 'ETCD_CERT', 'ETCD_KEY', 'ETCD_CA'].map((name) => [name, '']);
    const authority = { AUTHORITY_CERT: `${handed}authority.pem`, AUTHORITY_KEY: `${handed}authority.key` };
    await this.#variables('cluster-manager', example, {
      ...{ ...common, REPLICA_ID: this.plan.id, LISTEN: listen, ADVERTISE: this.url, ...authority },
      ...{ AUTHORITY_CA: `${handed}trusted.pem`, ...Object.fromEntries(emptied), ...more },
    });
    const managers = plan.nodes.map(urlOf).join(',');
    const joins = { NODE_ID: this.plan.id, MANAGER: managers, UNDERLAY: 'eth0', JOIN: '/etc/wgcni/node-manager/token' };
    await this.#variables('node-manager', example, { ...common, ...joins, ...Object.fromEntries(emptied) });
    const { cert, key, trusted } = authorityPaths(plan);
    for (const [from, name] of [
      [cert, 'authority.pem'],
      [key, 'authority.key'],
      [trusted, 'trusted.pem'],
    ] as const)
      await cp(from, this.machine.path(`/etc/wgcni/cluster-manager/${name}`));
  }

  /** The token by which its node-manager joins. */
  async writeToken(token: string): Promise<void> {
    await writeFile(this.machine.path('/etc/wgcni/node-manager/token'), token, { mode: 0o600 });
  }

  /** Starts a unit now and at each boot of this machine. */
  async enable(unit: string): Promise<void> {
    await this.machine.run(['systemctl', 'enable', '--quiet', unit]);
    // What boots here is smaller than multi-user.target.
    await this.machine.run(['systemctl', 'add-wants', '--quiet', 'test.target', unit]);
    await this.machine.startUnit(unit);
  }

  restart(unit: string): Promise<unknown> {
    return this.machine.run(['systemctl', 'restart', unit]);
  }

  /** Waits until its node-manager serves and its kernel is as it should be. */
  ready(): Promise<NodeStatus> {
    return this.#statusWhere(
      ({ readiness, isRegistered, drift }) => readiness === 'ready' && isRegistered && drift.length === 0,
    );
  }

  /** Waits until its kernel is as the mesh was at that revision, or later. */
  hasApplied(revision: number): Promise<NodeStatus> {
    return this.#statusWhere(({ meshRevision, drift }) => meshRevision >= revision && drift.length === 0);
  }

  async #statusWhere(wanted: (status: NodeStatus) => boolean): Promise<NodeStatus> {
    const client = createNodeClient({ socketPath: this.machine.path('/run/wgcni/node-manager.sock') });
    try {
      // How long is judged elsewhere: here three machines start on the processors of one.
      return await until(60_000, this.plan.id, async () => {
        const status = await client.status();
        return wanted(status) ? status : new Error(JSON.stringify(status));
      });
    } catch (cause) {
      throw new Error(await this.machine.journal(nodeUnit), { cause });
    } finally {
      await client.close();
    }
  }

  /** Makes a container's namespace and has the plugin attach it, as a runtime would. */
  async attach(name: string): Promise<Attached> {
    await this.machine.run(['ip', 'netns', 'add', name]);
    const { ips } = JSON.parse(await this.#plugin('ADD', name)) as { ips: { address: string }[] };
    const addresses = ips.map(({ address }) => address.replace(/\/.*/, ''));
    return { netnsPath: this.machine.path(`/run/netns/${name}`), addresses };
  }

  async detach(name: string): Promise<void> {
    await this.#plugin('DEL', name);
    await this.machine.run(['ip', 'netns', 'delete', name]);
  }

  /** The power fails: nothing is stopped, and all that is not on the disk is gone, its network with it. */
  async kill(): Promise<void> {
    await this.machine.stop();
    await removeNetns(this.plan.netns);
  }

  async bootAgain(): Promise<void> {
    // The other end of its link goes with the namespace, a moment later.
    await until(5_000, 'the network of the machine', () => addNode(this.#lab.plan, this.plan));
    this.machine = await bootFrom(this.#disk, this.plan);
  }

  state(): Promise<string[]> {
    return machineState(this.machine, this.#disk, this.plan.netnsPath);
  }

  /** Ends the machine and its disk. */
  async remove(): Promise<void> {
    await this.machine.stop();
    await this.#disk.remove();
  }

  #plugin(command: string, name: string): Promise<string> {
    const call = { CNI_COMMAND: command, CNI_CONTAINERID: name, CNI_NETNS: `/run/netns/${name}` };
    return this.machine.run(['/opt/cni/bin/wireguard-cni'], {
      env: { ...call, CNI_IFNAME: 'eth0', CNI_PATH: '/opt/cni/bin' },
      input: JSON.stringify({ cniVersion: '1.0.0', name: 'mesh', type: 'wireguard-cni' }),
    });
  }

  async #variables(program: string, examples: string, values: Record<string, string>): Promise<void> {
    const example = await readFile(join(examples, `${program}.env.example`), 'utf8');
    const said = Object.entries(values).map(([name, value]) => `WGCNI_${name}=${value}\n`);
    await mkdir(this.machine.path('/etc/wgcni'), { recursive: true });
    await writeFile(this.machine.path(`/etc/wgcni/${program}.env`), example + said.join(''), { mode: 0o600 });
  }
}

function urlOf({ underlay }: NodePlan): string {
  return `https://${underlay.v4}:7001`;
}

function bootFrom(disk: MachineDisk, { id, netnsPath }: NodePlan): Promise<BootedMachine> {
  return BootedMachine.boot({ name: `wgcni-${id}`, disk, netnsPath });
}
