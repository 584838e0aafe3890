/** A whole node of a test on the real kernel: a namespace of its own, userspace WireGuard, and a cluster in memory. */
import {
  type Attachment,
  type AttachmentKey,
  createNodeClient,
  type EventPage,
  type EventQuery,
  type NodeStatus,
} from '@wgcni/api';
import { noFaultPoints, silentLog, systemClock, systemRandom } from '@wgcni/base';
import { ExecFirewall, ExecIpRoute, ExecNftTable, ExecSysctl } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { openDevices, systemKeys } from '@wgcni/wg';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { kernelBootId, procUdpPorts } from '../attachments/index.ts';
import { type Config, parseConfig } from '../config.ts';
import { passingDevices } from '../keys/device-names.ts';
import { runNode } from '../node.ts';
import { Fping } from '../paths/fping.ts';
import { policyTable } from '../policy/plan-table.ts';
import type { Ports } from '../ports.ts';
import { sinceBootMs } from '../registration/instant.ts';
import { tearDown } from '../teardown/tear-down.ts';
import { clusterName, type FakeCluster } from './fake-cluster.ts';

/** How long a container may take, in milliseconds: userspace devices start a process each. */
const attachMs = 30_000;

export class RealNode {
  readonly netns: ThrowawayNetns;
  /** What host names stand for; the test may change it while the node runs. */
  resolveHost: Ports['resolveHost'] = () => Promise.reject(new Error('there are no names in this test'));
  readonly #directory: string;
  #ports: Ports | undefined;
  #config: Config | undefined;
  #running: { stop: AbortController; ended: Promise<void> } | undefined;

  private constructor(netns: ThrowawayNetns, directory: string) {
    this.netns = netns;
    this.#directory = directory;
  }

  /** A namespace with its loopback up; its files stand in `directory`. */
  static async open(directory: string): Promise<RealNode> {
    return new RealNode(await ThrowawayNetns.open(), directory);
  }

  get nodeId(): string {
    return this.netns.name;
  }

  /**
   * Starts the node with these flags beside those that every node has; it goes on with what its disk holds. `adapt` may put something between the
   * node and the kernel.
   */
  async start(
    cluster: FakeCluster,
    flags: readonly string[],
    adapt: (ports: Ports) => Ports = (ports) => ports,
  ): Promise<void> {
    const { nodeId } = this;
    const [ownNetns, dataDir] = [this.netns.path, join(this.#directory, nodeId)];
    const control = ['--etcd', 'http://127.0.0.1:1', '--manager', 'http://127.0.0.1:1', '--cluster', clusterName];
    const files = ['--data-dir', dataDir, '--queue-dir', join(dataDir, 'queue'), '--socket', `${dataDir}.sock`];
    const argv = ['--node-id', nodeId, '--insecure', ...control, ...files, ...flags];
    const ports = adapt({
      devices: await openDevices('userspace', {
        ...{ ownNetns, stateDir: join(dataDir, 'processes'), runDir: `/dev/shm/${nodeId}` },
      }),
      keys: systemKeys,
      iproute: new ExecIpRoute({ passing: passingDevices(nodeId), keepsProcess: true, ownNetns }),
      sysctl: new ExecSysctl({ ownNetns }),
      firewall: new ExecFirewall({ ownNetns }),
      policyTable: new ExecNftTable({ name: policyTable, ownNetns }),
      pathProbe: new Fping({ ownNetns }),
      tunnelProbe: new Fping({ ownNetns }),
      ...{ store: cluster.store, manager: cluster.manager, udpPorts: procUdpPorts, readBootId: kernelBootId },
      resolveHost: (host) => this.resolveHost(host),
      ...{ uptimeMs: sinceBootMs, clock: systemClock, random: systemRandom, log: silentLog, reach: noFaultPoints },
    });
    const config = parseConfig({ argv, env: {}, hostname: nodeId });
    const stop = new AbortController();
    [this.#ports, this.#config] = [ports, config];
    this.#running = { stop, ended: runNode(config, ports, stop.signal) };
  }

  /** Every tunnel stays as it is. */
  async stop(): Promise<void> {
    this.#running?.stop.abort(new Error('stopped'));
    await this.#running?.ended;
    this.#running = undefined;
  }

  async status(): Promise<NodeStatus> {
    const client = createNodeClient({ socketPath: this.#socket });
    return client.status().finally(() => client.close());
  }

  async events(query: EventQuery = {}): Promise<EventPage> {
    const client = createNodeClient({ socketPath: this.#socket });
    return client.events(query).finally(() => client.close());
  }

  /** ADD; the attachment is what it is answered with. */
  async attach(containerId: string, netns: string): Promise<Attachment> {
    const body = await this.#ask('PUT', keyPath(keyOf(containerId)), { netns, deadlineMs: attachMs });
    return JSON.parse(body) as Attachment;
  }

  /** CHECK with an earlier answer of ADD. */
  async check(containerId: string, netns: string, { addresses }: Attachment): Promise<void> {
    const input = { netns, addresses: addresses.map(({ address }) => address) };
    await this.#ask('POST', `${keyPath(keyOf(containerId))}/check`, input);
  }

  /** DEL. */
  async release(containerId: string): Promise<void> {
    await this.#ask('DELETE', keyPath(keyOf(containerId)));
  }

  /** Removes everything that the node made; the namespace stays. */
  async tearDown(): Promise<void> {
    await this.stop();
    if (this.#config !== undefined && this.#ports !== undefined) await tearDown(this.#config, this.#ports);
  }

  async close(): Promise<void> {
    await this.tearDown();
    await this.netns.close();
    await rm(`/dev/shm/${this.nodeId}`, { recursive: true, force: true });
  }

  get #socket(): string {
    return join(this.#directory, `${this.nodeId}.sock`);
  }

  /** Throws what was answered when it is a refusal. */
  async #ask(method: string, path: string, body?: object): Promise<string> {
    const sent = body === undefined ? '' : JSON.stringify(body);
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) };
    const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
      const asking = request({ socketPath: this.#socket, method, path, headers }, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
      });
      asking.on('error', reject).end(sent);
    });
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${answer}`);
    return answer;
  }
}

function keyOf(containerId: string): AttachmentKey {
  return { network: 'mesh', containerId, ifName: 'eth0' };
}

function keyPath({ network, containerId, ifName }: AttachmentKey): string {
  return `/v1/attachments/${network}/${containerId}/${ifName}`;
}
