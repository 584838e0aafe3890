/** A node in memory for tests: fake kernel, devices, clock and boot, real files; any port call can be made to fail. */
import type { AttachInput, AttachmentKey } from '@wgcni/api';
import type { Happening } from '@wgcni/api/server';
import { type CatalogueError, type Clock, type Log, silentLog } from '@wgcni/base';
import { parseCidr } from '@wgcni/ipam';
import { MemoryKernel, MemorySysctl } from '@wgcni/iproute';
import { type KeyPair, MemoryDevices, systemKeys } from '@wgcni/wg';
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RepairBook } from '../repair/repair-book.ts';
import type { NodeView } from '../node-view.ts';
import { podsRef } from '../pods/pods-device.ts';
import { Attachments } from './attachments.ts';
import { deviceOf } from './container-device.ts';
import type { AttachmentsDeps, RequestLimits } from './deps.ts';
import { isNodeEnd, nodeEndOf } from './links/veth/veth-names.ts';

/** Subnets of the usual view: few addresses, so that leaks show. */
const usualSubnets = ['10.64.3.0/28', 'fd64:0:0:3::/64'];

/** Time that stands still until it is moved; `sleep` waits for that. */
class TestClock implements Clock {
  #nowMs = 1_000_000;
  readonly #sleepers = new Set<() => void>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  /** How many wait for time to pass: after `pass`, whoever is as many again has done what was due. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  /** Moves time on and wakes whoever is due. */
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const wake of this.#sleepers) wake();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const due = this.#nowMs + ms;
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        if (signal?.aborted !== true && this.#nowMs < due) return;
        this.#sleepers.delete(wake);
        signal?.removeEventListener('abort', wake);
        if (signal?.aborted === true) reject(new Error('aborted'));
        else resolve();
      };
      this.#sleepers.add(wake);
      signal?.addEventListener('abort', wake);
      wake();
    });
  }
}

export class FakeNode {
  readonly clock = new TestClock();
  readonly kernel = new MemoryKernel();
  readonly devices = new MemoryDevices(this.kernel);
  readonly sysctl = new MemorySysctl(() => '1');
  readonly podsKey: KeyPair = systemKeys.generate();
  readonly events: { event: string; fields: object }[] = [];
  /** Told as events, to whoever follows them. */
  readonly told: Happening[] = [];
  /** Of the life that runs. */
  repairs = this.#book();
  /** What joins later containers, where no other view is said. */
  link: NodeView['link'] = 'wireguard';
  dataDir: string;
  bootId = 'boot-1';
  refusal: CatalogueError | undefined;
  /** Fault points that were reached, in order. */
  readonly reached: string[] = [];
  emptied = 0;
  /** Ports that someone else's sockets are bound to. */
  readonly foreignPorts = new Set<number>();
  /** Port calls so far, by name. */
  readonly calls: string[] = [];
  /** Throws to make a call fail; given its name and its number, counted from 1. */
  failCall: (name: string, number: number) => void = () => {};

  /** Where every life's data directory is. */
  readonly #root: string;
  #lives = 1;
  readonly #onReach = new Map<string, () => void>();

  private constructor(root: string) {
    this.#root = root;
    this.dataDir = join(root, 'life-1');
    this.kernel.addNamespace('/proc/self/ns/net');
  }

  static async make(): Promise<FakeNode> {
    return new FakeNode(await mkdtemp(join(tmpdir(), 'wgcni-node-')));
  }

  /**
   * The node-manager dies when it reaches the fault point: whatever it does afterwards reaches neither kernel nor disk. `start`, with
   * `failCall` put back, begins over what was there at that instant.
   */
  dieAt(point: string): void {
    this.onReach(point, () => {
      const left = join(this.#root, `life-${(this.#lives += 1)}`);
      cpSync(this.dataDir, left, { recursive: true });
      this.dataDir = left;
      this.failCall = () => {
        throw new Error('killed');
      };
      throw new Error('killed');
    });
  }

  /** Does something when the fault point is reached next. */
  onReach(point: string, act: () => void): void {
    this.#onReach.set(point, act);
  }

  /** A node-manager that starts over what kernel and disk hold now. */
  async start(view: NodeView | undefined = this.view()): Promise<Attachments> {
    const attachments = await Attachments.open(this.deps());
    await attachments.start(view);
    return attachments;
  }

  /** The usual view with the node's link. */
  view(subnets?: readonly string[]): NodeView {
    return viewOf(subnets, undefined, this.link);
  }

  deps(): AttachmentsDeps {
    const { dataDir, clock, podsKey } = this;
    return {
      ...{ nodeId: 'node-1', dataDir, queueDir: join(dataDir, 'queue'), clock, podsKey, log: this.#log() },
      ...{ podPort: 51_821, containerPorts: { first: 61_000, last: 61_031 }, reservedKeys: [], keys: systemKeys },
      devices: this.#watched('devices', this.devices),
      iproute: this.#watched('iproute', this.kernel),
      sysctl: this.#watched('sysctl', this.sysctl),
      udpPorts: this.#watched('udpPorts', { bound: () => this.boundPorts() }),
      readBootId: async () => this.bootId,
      bootUptimeMs: () => clock.monotonicMs(),
      admission: { refusal: () => this.refusal },
      repairs: (this.repairs = this.#book()),
      reach: (name) => {
        this.reached.push(name);
        const act = this.#onReach.get(name);
        this.#onReach.delete(name);
        act?.();
      },
      onEmpty: () => (this.emptied += 1),
    };
  }

  #book(): RepairBook {
    return new RepairBook({ events: { tell: (event) => void this.told.push(event) }, clock: this.clock });
  }

  /** Makes a container's namespace and resolves with its path. */
  namespace(name: string): string {
    const path = `/run/netns/${name}`;
    this.kernel.addNamespace(path);
    return path;
  }

  /** The device of an attachment dies, whichever it has, and nobody is told. */
  kill(key: AttachmentKey): void {
    this.devices.die(deviceOf('node-1', { ...key, netns: '' }).id);
    this.kernel.removeLink(undefined, nodeEndOf('node-1', key));
  }

  /** The machine goes down: namespaces and devices are gone, files stay. */
  async reboot(namespaces: readonly string[]): Promise<void> {
    for (const id of await this.devices.liveIds('wg')) this.devices.die(id);
    for (const path of namespaces) this.kernel.removeNamespace(path);
    this.bootId = `${this.bootId}+`;
  }

  /** What the pods device allows and what goes into veths, as one sorted list of `cidr`. */
  async allowed(): Promise<string[]> {
    const state = await this.devices.observe(podsRef('node-1'));
    const { routes } = await this.kernel.observe(undefined);
    const intoVeths = routes.filter(({ device }) => device !== undefined && isNodeEnd(device));
    const byPeers = (state?.peers ?? []).flatMap(({ allowedIps }) => allowedIps);
    return [...byPeers, ...intoVeths.map(({ destination }) => destination)].sort();
  }

  /** Everything outside the node-manager's memory that an attachment could leave behind. */
  async residue(namespaces: readonly string[]): Promise<object> {
    const links = await Promise.all(
      namespaces.map(async (path) => (await this.kernel.observe(path)).links.map(({ name }) => name)),
    );
    const nodeEnds = (await this.kernel.observe(undefined)).links.map(({ name }) => name).filter(isNodeEnd);
    return { devices: await this.devices.liveIds('wg'), allowed: await this.allowed(), links, nodeEnds };
  }

  async boundPorts(): Promise<ReadonlySet<number>> {
    const ids = await this.devices.liveIds('wg');
    const states = await Promise.all(ids.map((id) => this.devices.observe({ id, name: id })));
    return new Set([...this.foreignPorts, ...states.map((state) => state?.listenPort ?? 0)]);
  }

  async close(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }

  #log(): Log {
    const note = (fields: object, event: string): void => void this.events.push({ event, fields });
    return { ...silentLog, info: note, warn: note, error: note };
  }

  #watched<T extends object>(port: string, target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          this.calls.push(`${port}.${String(name)}`);
          this.failCall(`${port}.${String(name)}`, this.calls.length);
          return Reflect.apply(member, target, args);
        };
      },
    });
  }
}

/** A view of these subnets. */
export function viewOf(
  subnets: readonly string[] = usualSubnets,
  mtu = 1420,
  link: NodeView['link'] = 'wireguard',
): NodeView {
  const grants = subnets.map((text, index) => ({ cidr: parseCidr(text), grantId: String(index).padStart(32, '0') }));
  const pools = [parseCidr('10.64.0.0/12'), parseCidr('fd64::/48')];
  return {
    networkId: 'a'.repeat(32),
    mtu,
    keepaliveSec: 25,
    link,
    pools,
    clientPools: [parseCidr('10.80.0.0/24')],
    grants,
  };
}

export function keyNamed(containerId: string, ifName = 'eth0'): AttachmentKey {
  return { network: 'mesh', containerId, ifName };
}

export function inputFor(netns: string, more: Partial<AttachInput> = {}): AttachInput {
  return { netns, deadlineMs: 10_000, ...more };
}

/** Limits that never end the request. */
export function patient(node: FakeNode): RequestLimits {
  return { signal: new AbortController().signal, deadlineAt: node.clock.monotonicMs() + 10_000 };
}
