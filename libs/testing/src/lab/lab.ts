/** A whole cluster on this machine: etcd, cluster-managers, nodes and containers, each a real process or namespace. */
import {
  createManagerClient,
  createNodeClient,
  type ManagerClient,
  type ManagerClientOptions,
  type NodeClient,
  type NodeStatus,
  type TokenInput,
} from '@wgcni/api';
import { writeFile } from 'node:fs/promises';
import { systemClock, systemRandom } from '@wgcni/base';
import { type CredentialSource, drawToken, formatToken, tokenHash } from '@wgcni/pki';
import { EtcdStore } from '@wgcni/store';
import type { LabAuthority } from './authority.ts';
import { readCredentials } from '../pki/read-credentials.ts';
import {
  authorityFlags,
  credentialsOf,
  etcdctlName,
  etcdFlags,
  operatorName,
  processFlags,
  tokenFile,
} from './credentials.ts';
import { setUpEtcdUsers } from './etcd-users.ts';
import { startEtcd, waitForEtcd, type EtcdStart } from './etcd.ts';
import { addApart, addBridge, addContainerNetns, addNode } from './netns.ts';
import { inItsNamespace, type ContainerPlan, type LabPlan, type NodePlan } from './plan.ts';
import { addContainer, type PluginResult } from './plugin.ts';
import { LabProcess, startProcess } from './process.ts';
import type { Programs } from './programs.ts';
import { readRecord, writeRecord } from './record.ts';
import { takeDown } from './take-down.ts';
import { until } from './until.ts';

export interface LabOptions {
  /** Extra flags for every cluster-manager, such as shorter times. */
  managerFlags?: string[];
  nodeFlags?: string[];
  /** Whether node-managers are told of the cluster-managers by a file of theirs, and not by a flag. */
  managersByFile?: boolean;
  /** What joins containers to their node; default what the network says by itself. */
  link?: 'wireguard' | 'veth';
  /** Called when a step begins. */
  begins?: (what: string) => void;
  progress?: (line: string) => void;
  /** Whether nodes join by tokens, managers issue, and etcd has users and roles, as the guide has it; otherwise everybody is given certificates, as of a PKI that is there. */
  joins?: boolean;
  /** Whether daemons that join have certificates of the lab for etcd, which do not end with theirs. */
  ownEtcdCertificates?: boolean;
  /** Environment of every cluster-manager and node-manager, such as a clock. */
  env?: Record<string, string>;
  /** How long the first certificates live (default: longer than the lab is up). */
  certificateLifeMs?: number;
}

export class Lab {
  readonly plan: LabPlan;
  readonly programs: Programs;
  readonly #options: LabOptions;
  readonly #processes = new Map<string, LabProcess>();
  #authority: LabAuthority | undefined;
  #bootstrapped = false;

  constructor(plan: LabPlan, programs: Programs, options: LabOptions = {}) {
    this.plan = plan;
    this.programs = programs;
    this.#options = options;
    for (const record of readRecord(plan.dir).processes) this.#processes.set(record.name, new LabProcess(record));
  }

  /** Brings up the control plane and every node; the caller stands in the control namespace. */
  async up(): Promise<void> {
    await this.step('certificates', () => this.certify());
    await this.step('bridge', async () => {
      await addBridge(this.plan);
      for (const each of [...this.plan.etcd, ...this.plan.managers]) await addApart(this.plan, each);
    });
    await this.step(`etcd: ${this.plan.etcd.length} members`, () => this.startAllEtcd());
    if (this.#options.joins === true)
      await this.step('users and roles of etcd', () => setUpEtcdUsers(this.programs.wgcni, this.plan));
    await this.step(`cluster-managers: ${this.plan.managers.length} replicas, one leader`, () =>
      this.startAllManagers(),
    );
    if (this.#options.link !== undefined) await this.setLink(this.#options.link);
    for (const node of this.plan.nodes) {
      await this.step(`node ${node.id}`, async () => {
        await addNode(this.plan, node);
        if (this.#options.joins === true) await this.writeToken(node.id);
        this.startNode(node);
        await this.nodeReady(node);
      });
    }
  }

  /** Has the network join later containers in that way; resolves when every node that runs has heard of it. */
  async setLink(link: 'wireguard' | 'veth'): Promise<void> {
    const client = this.managerClient();
    try {
      const { revision } = await client.setNetwork({ link });
      for (const node of this.plan.nodes.filter(({ id }) => this.isRunning(id)))
        await this.nodeStatusWhere(node, ({ meshRevision }) => meshRevision >= revision);
    } finally {
      await client.close();
    }
  }

  /** Makes the authority, and certificates for everybody of the plan: the first thing of all. */
  async certify(): Promise<void> {
    // Apart from the rest, since what it stands on takes its time to load.
    const { LabAuthority: Authority } = await import('./authority.ts');
    this.#authority = await Authority.create(this.plan, this.#options.certificateLifeMs);
  }

  /** Who certifies everybody, from when the lab comes up. */
  get authority(): LabAuthority {
    if (this.#authority === undefined) throw new Error('this lab was not brought up here');
    return this.#authority;
  }

  /** The namespace and the certificate of a node that joins later. */
  async addNode(node: NodePlan): Promise<void> {
    await this.authority.issueNode(node.id);
    await addNode(this.plan, node);
  }

  /** A new token for a node, in its file; the node joins by it when it is started. */
  async writeToken(nodeId: string, change: Partial<TokenInput> = {}): Promise<string> {
    const client = this.managerClient();
    try {
      const drawn = drawToken('', systemRandom);
      const input = { hash: tokenHash(drawn.secret), nodeId, ttlSec: 3_600, uses: 1, ...change };
      const { authority } = await client.putToken(drawn.id, input);
      const path = tokenFile(this.plan, nodeId);
      await writeFile(path, formatToken({ ...drawn, authority: authority ?? '' }).reveal(), { mode: 0o600 });
      return path;
    } finally {
      await client.close();
    }
  }

  /** Runs one step, with a progress line that says how long it took. */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startedAt = systemClock.monotonicMs();
    this.#options.begins?.(what);
    const result = await work();
    this.#options.progress?.(`${what} (${Math.round(systemClock.monotonicMs() - startedAt)} ms)`);
    return result;
  }

  async startAllEtcd(start: EtcdStart = {}): Promise<void> {
    for (const { name } of this.plan.etcd) this.startEtcdMember(name, start);
    await waitForEtcd(this.programs.etcdctl, this.plan);
  }

  /** Starts one etcd member, with the data that it has. */
  startEtcdMember(name: string, start: EtcdStart = {}): LabProcess {
    const member = this.plan.etcd.find((candidate) => candidate.name === name);
    if (member === undefined) throw new Error(`no etcd member ${name} in this lab`);
    return this.#keep(startEtcd(this.programs.etcd, this.plan, member, start));
  }

  async startAllManagers(): Promise<void> {
    for (const { id } of this.plan.managers) this.startManager(id);
    await this.leaderKnown();
  }

  /** Starts one cluster-manager; the very first of a lab creates the network. */
  startManager(id: string, env: Record<string, string> = {}): LabProcess {
    const manager = this.plan.managers.find((candidate) => candidate.id === id);
    if (manager === undefined) throw new Error(`no manager ${id} in this lab`);
    const bootstrap = this.#bootstrapped ? [] : bootstrapFlags(this.plan);
    this.#bootstrapped = true;
    const argv: [string, ...string[]] = [
      process.execPath,
      this.programs.clusterManager,
      ...['--etcd', this.#etcdUrls(), '--cluster', this.plan.cluster, '--replica-id', id],
      ...['--listen', manager.listen, '--advertise', manager.url],
      ...this.#credentialFlags(id, authorityFlags(this.plan)),
      ...bootstrap,
      ...(this.#options.managerFlags ?? []),
    ];
    return this.#keep(
      startProcess({
        name: id,
        argv,
        env: { ...this.#options.env, ...env },
        log: manager.log,
        ...inItsNamespace(manager),
      }),
    );
  }

  /** Starts (again) the node-manager of a node whose namespace is there. */
  startNode(node: NodePlan, extraFlags: string[] = [], env: Record<string, string> = {}): LabProcess {
    const argv: [string, ...string[]] = [
      process.execPath,
      this.programs.nodeManager,
      ...this.nodeFlags(node),
      ...extraFlags,
    ];
    return this.#keep(
      startProcess({
        name: node.id,
        argv,
        netnsPath: node.netnsPath,
        env: { ...this.#options.env, ...env },
        log: node.log,
      }),
    );
  }

  /**
   * Starts a node-manager that takes the machine for booted anew: it reads another boot id.
   */
  startNodeInBoot(
    node: NodePlan,
    bootIdPath: string,
    extraFlags: string[] = [],
    env: Record<string, string> = {},
  ): LabProcess {
    const script = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"';
    const program = [process.execPath, this.programs.nodeManager, ...this.nodeFlags(node), ...extraFlags];
    const isolate = ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', script, 'sh', bootIdPath] as const;
    const argv: [string, ...string[]] = [...isolate, ...program];
    return this.#keep(
      startProcess({
        name: node.id,
        argv,
        netnsPath: node.netnsPath,
        env: { ...this.#options.env, ...env },
        log: node.log,
      }),
    );
  }

  /**
   * Starts a node-manager as if on another machine: with process ids and userspace WireGuard sockets of its own, which all
   * namespaces of one machine share otherwise. Everything it started ends with it.
   */
  startNodeElsewhere(node: NodePlan, extraFlags: string[] = []): LabProcess {
    const isolate = [
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      '--propagation',
      'slave',
    ] as const;
    const script = 'mkdir -p /run/wireguard && mount -t tmpfs tmpfs /run/wireguard && exec "$@"';
    const program = [process.execPath, this.programs.nodeManager, ...this.nodeFlags(node), ...extraFlags];
    const argv: [string, ...string[]] = [...isolate, 'sh', '-c', script, 'sh', ...program];
    return this.#keep(startProcess({ name: node.id, argv, netnsPath: node.netnsPath, log: node.log }));
  }

  /** The flags of a node's node-manager. */
  nodeFlags(node: NodePlan): string[] {
    return [
      ...['--node-id', node.id, '--etcd', this.#etcdUrls(), '--cluster', this.plan.cluster],
      ...(this.#options.managersByFile === true ? [] : ['--manager', this.#managerUrls().join(',')]),
      ...['--underlay', 'eth0'],
      ...['--data-dir', node.dataDir, '--queue-dir', node.queueDir, '--socket', node.socket],
      ...this.#credentialFlags(node.id, ['--join', tokenFile(this.plan, node.id)]),
      ...(this.#options.nodeFlags ?? []),
    ];
  }

  /** Waits until a node serves ADD and its kernel is as it should be; the error holds what it said last. */
  async nodeReady(node: NodePlan, timeoutMs = 60_000): Promise<NodeStatus> {
    return this.nodeStatusWhere(
      node,
      ({ readiness, isRegistered, drift }) => readiness === 'ready' && isRegistered && drift.length === 0,
      timeoutMs,
    );
  }

  /** Waits until a node's status satisfies `wanted`. */
  async nodeStatusWhere(
    node: NodePlan,
    wanted: (status: NodeStatus) => boolean,
    timeoutMs = 60_000,
  ): Promise<NodeStatus> {
    const client = this.nodeClient(node);
    try {
      return await until(timeoutMs, `${node.id} (see ${node.log})`, async () => {
        const status = await client.status();
        return wanted(status) ? status : new Error(`it says: ${JSON.stringify(status)}`);
      });
    } finally {
      await client.close();
    }
  }

  async leaderKnown(timeoutMs = 30_000): Promise<{ replicaId: string; url: string }> {
    const client = this.managerClient();
    try {
      return await until(
        timeoutMs,
        'a leader',
        async () => (await client.leader()).leader ?? new Error('nobody leads'),
      );
    } finally {
      await client.close();
    }
  }

  /** Makes a container's namespace and attaches it through the plugin. */
  async addContainer(node: NodePlan, container: ContainerPlan): Promise<PluginResult> {
    await addContainerNetns(container);
    return addContainer(this.programs.plugin, node, container);
  }

  /** The cluster-managers, asked by the lab's operator, who may do everything but what only a node may. */
  managerClient(options: Partial<ManagerClientOptions> = {}): ManagerClient {
    return createManagerClient({ urls: this.#managerUrls(), credentials: this.operator, ...options });
  }

  /** The cluster-managers, asked by a node that is no process of the lab. */
  async nodeCaller(nodeId: string, options: Partial<ManagerClientOptions> = {}): Promise<ManagerClient> {
    return this.managerClient({ ...options, credentials: await this.authority.nodeCredentials(nodeId) });
  }

  /** What `wgcni` is told to reach the cluster-managers as the lab's operator. */
  wgcniFlags(): string[] {
    return ['--manager', this.#managerUrls().join(','), ...processFlags(this.plan, operatorName)];
  }

  get operator(): CredentialSource {
    return readCredentials(credentialsOf(this.plan, operatorName));
  }

  /** Etcd itself, beside the processes of the lab. */
  openStore(): EtcdStore {
    const urls = this.plan.etcd.map(({ clientUrl }) => clientUrl);
    return new EtcdStore({ urls, credentials: readCredentials(credentialsOf(this.plan, etcdctlName)) });
  }

  nodeClient(node: NodePlan): NodeClient {
    return createNodeClient({ socketPath: node.socket });
  }

  /** The running process of that name: an etcd member, a manager's id or a node's id. */
  process(name: string): LabProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new Error(`nothing called ${name} was started in this lab`);
    return found;
  }

  /** Whether the process of that name was started and still runs. */
  isRunning(name: string): boolean {
    return this.#processes.get(name)?.isAlive() ?? false;
  }

  /** Stops and removes everything the lab made. */
  async down(): Promise<void> {
    await takeDown(this.plan, this.programs);
    this.#processes.clear();
  }

  #managerUrls(): string[] {
    return this.plan.managers.map(({ url }) => url);
  }

  #credentialFlags(name: string, joining: string[]): string[] {
    if (this.#options.joins !== true) return processFlags(this.plan, name);
    return [...joining, ...(this.#options.ownEtcdCertificates === true ? etcdFlags(this.plan, name) : [])];
  }

  #etcdUrls(): string {
    return this.plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
  }

  #keep(started: LabProcess): LabProcess {
    this.#processes.set(started.record.name, started);
    writeRecord(this.plan.dir, { processes: [...this.#processes.values()].map(({ record }) => record) });
    return started;
  }
}

/** The flags by which the first cluster-manager creates the network. */
function bootstrapFlags({ pools, clientPools }: LabPlan): string[] {
  return [
    '--bootstrap',
    ...pools.flatMap((pool) => ['--pool', pool]),
    ...clientPools.flatMap((pool) => ['--client-pool', pool]),
  ];
}
