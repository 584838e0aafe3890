/** The node's tunnel to the other nodes: one device, changed by delta, adopted while it lives and made again when it is dead. */
import type { Address } from '@wgcni/ipam';
import type { Clock, Log } from '@wgcni/base';
import type { IpRoute, KernelState, Sysctl } from '@wgcni/iproute';
import type { DeviceRef, DeviceState, KeyPair, ObservedPeer, Peer, PeerChange, PublicKey, WgDevices } from '@wgcni/wg';
import { deviceId } from '../keys/device-id.ts';
import { meshDevice } from '../node-view.ts';
import { routableFamilies } from '../registration/endpoints.ts';
import type { Repair } from '../repair/repair.ts';
import type { RepairBook } from '../repair/repair-book.ts';
import {
  type ForeignPeers,
  foreignPeers,
  isAnyForeign,
  peerRepairs,
  peersByKey,
  writtenAfter,
  type WrittenPeers,
} from '../repair/written-peers.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { desiredMesh, type DesiredMesh } from './desired-mesh.ts';
import { EndpointTrials } from './endpoint-trials.ts';
import { MeshLook } from './mesh-look.ts';
import { MeshRoutes } from './mesh-routes.ts';
import { type EndpointPolicy, planMesh, type MeshPlan } from './plan-mesh.ts';

export interface MeshDeviceDeps {
  devices: WgDevices;
  iproute: IpRoute;
  sysctl: Sysctl;
  clock: Clock;
  log: Log;
  /** Told of what somebody else changed. */
  repairs: RepairBook;
  /** Told how much was found other than desired. */
  differed?: (count: number) => void;
}

/** Which device the mesh device of a node is. */
export function meshRef(nodeId: string): DeviceRef {
  return { id: deviceId(nodeId, 'mesh'), name: meshDevice };
}

export interface MeshSettings {
  ref: DeviceRef;
  key: KeyPair;
  listenPort: number;
  /** The view now. */
  view: () => ClusterView;
  /** Where etcd and the managers are, as far as it is known. */
  servers: () => readonly Address[];
  /** Told of departed keys that the device does not hold. */
  forgetDeparted: (keys: readonly PublicKey[]) => Promise<void>;
}

/** So many departed keys are known before those are forgotten that the device does not hold: telling costs a write. */
const mostDeparted = 256;

export class MeshDevice {
  /** What is seen of the device, by whomever: a look for any purpose of this class is one of these. */
  readonly look: MeshLook;
  readonly #deps: MeshDeviceDeps;
  readonly #settings: MeshSettings;
  readonly #trials: EndpointTrials;
  readonly #renewing = new Set<PublicKey>();
  readonly #routes: MeshRoutes;
  #onRenew: () => void = () => {};
  /** What this process wrote, its only writer. */
  #writtenPeers: WrittenPeers;

  constructor(deps: MeshDeviceDeps, settings: MeshSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#trials = new EndpointTrials(deps.clock);
    this.#routes = new MeshRoutes(deps);
    this.look = new MeshLook(() => deps.devices.observe(settings.ref), deps.clock);
  }

  get ref(): DeviceRef {
    return this.#settings.ref;
  }

  get publicKey(): PublicKey {
    return this.#settings.key.publicKey;
  }

  /** The endpoint by which each peer is dialled now, as far as it is known. */
  get dialled(): ReadonlyMap<PublicKey, string> {
    return this.#trials.written();
  }

  /** Milliseconds since we last changed the link or its routes. */
  get sinceChangeMs(): number {
    return this.#routes.sinceChangeMs;
  }

  /** Writes these peers anew at the next reconcile, each with its next endpoint: nothing comes through their tunnels. */
  renew(keys: readonly PublicKey[]): void {
    for (const key of keys) {
      this.#trials.giveUp(key);
      this.#renewing.add(key);
    }
    this.#onRenew();
  }

  /** Calls `wake` when there is something to write anew. */
  onRenew(wake: () => void): void {
    this.#onRenew = wake;
  }

  /** Makes device, peers and routes what the view says; one call at a time. */
  async reconcile(): Promise<void> {
    // ORDER: observed is read before desired.
    const [device, kernel, hasIpv6] = await this.#observe();
    const desired = desiredMesh(this.#settings.view());
    if (desired === undefined) return;
    const foreign = foreignPeers(this.#writtenPeers, device?.peers ?? []);
    const plan = planMesh(
      desired,
      {
        ...{ peers: device?.peers ?? [], kernel, servers: this.#settings.servers() },
        foreign: new Set(foreign.added.keys()),
      },
      this.#policy(kernel),
    );
    this.#deps.differed?.(plan.peers.length + plan.kernel.length + (device === undefined ? 1 : 0));
    if (device === undefined || this.#isUnset(device)) {
      const repair = this.#deviceRepair(device);
      await this.#setUp(desired, device, plan.configured);
      await this.#applyKernel();
      return this.#deps.repairs.tell(repair);
    }
    // ORDER: peers before routes: a packet that is routed into the device finds its peer there.
    await this.#changePeers(plan, device, foreign);
    this.#trials.noteConfigured(plan.configured);
    await this.#routes.apply(plan, kernel, hasIpv6);
    await this.#forgetDeparted(desired, device);
  }

  /** Whether the device is alive and no peer waits for its next endpoint. */
  async isWell(): Promise<boolean> {
    const view = this.#settings.view();
    const desired = desiredMesh(view);
    if (desired === undefined) return true;
    const device = await this.look.take();
    if (device === undefined || isAnyForeign(foreignPeers(this.#writtenPeers, device.peers))) return false;
    const several = desired.peers.filter(({ endpoints }) => endpoints.length > 1);
    if (several.length === 0) return true;
    const policy = this.#policy(await this.#deps.iproute.observe(undefined));
    const written = this.#trials.written();
    return several.every(({ publicKey, endpoints }) => {
      const seen = device.peers.find((peer) => peer.publicKey === publicKey);
      return policy.choose(endpoints, seen, publicKey) === written.get(publicKey);
    });
  }

  /** What the device holds now; undefined when it is not there. */
  observe(): Promise<DeviceState | undefined> {
    return this.look.take();
  }

  /** What would have to change now, in words: what the kernel has differently from what is desired. */
  async drift(): Promise<string[]> {
    const [device, kernel] = await this.#observe();
    const desired = desiredMesh(this.#settings.view());
    if (desired === undefined) return [];
    if (device === undefined) return [`the device ${meshDevice} is not there`];
    const plan = planMesh(
      desired,
      { peers: device.peers, kernel, servers: this.#settings.servers() },
      this.#policy(kernel),
    );
    return [
      ...plan.peers.map(
        (change) => `${change.kind} peer ${change.kind === 'add' ? change.peer.publicKey : change.publicKey}`,
      ),
      ...plan.kernel.map((change) => `${change.kind} ${'route' in change ? change.route.destination : meshDevice}`),
      ...plan.refused.map(({ subnet, why }) => `no route to ${subnet}: ${why}`),
    ];
  }

  /** Device, kernel, and whether the device carries IPv6. */
  #observe(): Promise<[DeviceState | undefined, KernelState, boolean]> {
    return Promise.all([this.look.take(), this.#deps.iproute.observe(undefined), this.#routes.carryIpv6()]);
  }

  /** A crash between making and configuring it leaves a device without key; another port is an operator's wish. */
  #isUnset({ publicKey, listenPort }: DeviceState): boolean {
    return publicKey !== this.publicKey || listenPort !== this.#settings.listenPort;
  }

  /** Peers that the device has and the view does not know are kept. */
  async #setUp(desired: DesiredMesh, device: DeviceState | undefined, configured: readonly Peer[]): Promise<void> {
    const { devices, log } = this.#deps;
    const { key, listenPort } = this.#settings;
    if (device === undefined) await devices.create(this.ref, desired.mtu);
    this.#trials.clear();
    const seen = new Map((device?.peers ?? []).map((peer) => [peer.publicKey, peer]));
    const known = new Set([...configured.map(({ publicKey }) => publicKey), ...desired.departed]);
    const kept: ObservedPeer[] = [...seen.values()].filter(({ publicKey }) => !known.has(publicKey));
    // Where a client was heard last is known to the device alone: it stays reachable until it is heard again.
    const found = configured.map((peer) => ({
      ...peer,
      endpoint: peer.endpoint ?? seen.get(peer.publicKey)?.endpoint,
    }));
    this.#writtenPeers = undefined;
    this.#routes.forget();
    await devices.configure(this.ref, { privateKey: key.privateKey, listenPort, peers: [...found, ...kept] });
    this.#writtenPeers = peersByKey([...found, ...kept]);
    this.#trials.noteConfigured(configured);
    log.info(
      { device: meshDevice, port: listenPort, publicKey: key.publicKey, peers: configured.length },
      'mesh.configured',
    );
  }

  /** Link and routes, planned on what the kernel shows after the device was made. */
  async #applyKernel(): Promise<void> {
    const [device, kernel, hasIpv6] = await this.#observe();
    // Making a device takes its time: a subnet that became our own meanwhile must not be routed into it.
    const desired = desiredMesh(this.#settings.view());
    if (desired === undefined) return;
    const plan = planMesh(
      desired,
      { peers: device?.peers ?? [], kernel, servers: this.#settings.servers() },
      this.#policy(kernel),
    );
    await this.#routes.apply(plan, kernel, hasIpv6);
  }

  async #changePeers(plan: MeshPlan, { peers }: DeviceState, foreign: ForeignPeers): Promise<void> {
    const { devices, repairs, log } = this.#deps;
    const wanted = new Set(plan.configured.map(({ publicKey }) => publicKey));
    const mending = peerRepairs(foreign, plan.peers, { device: meshDevice, nameOf: (key) => this.#nameOf(key) });
    const changes = [...repairs.due(plan.peers, mending), ...this.#renewals(plan.configured, peers)];
    const before = this.#writtenPeers;
    if (changes.length > 0) {
      // When it fails, nobody knows what came of it: what is there then counts as ours.
      this.#writtenPeers = undefined;
      await devices.change(this.ref, changes);
      log.info({ changes }, 'mesh.peers-changed');
    }
    this.#writtenPeers = writtenAfter(before, peers, changes, wanted);
    repairs.made(changes, mending);
  }

  /** A peer that is taken off and put there again begins with a handshake. One without an endpoint keeps where it was heard last. */
  #renewals(configured: readonly Peer[], observed: readonly ObservedPeer[]): PeerChange[] {
    const seen = new Map(observed.map((peer) => [peer.publicKey, peer]));
    const anew = configured.filter(({ publicKey }) => this.#renewing.has(publicKey) && seen.has(publicKey));
    this.#renewing.clear();
    return anew.flatMap((peer): PeerChange[] => [
      { kind: 'remove', publicKey: peer.publicKey },
      { kind: 'add', peer: { ...peer, endpoint: peer.endpoint ?? seen.get(peer.publicKey)?.endpoint } },
    ]);
  }

  /** Of a device that this process had set up already. */
  #deviceRepair(device: DeviceState | undefined): Repair[] {
    if (this.#writtenPeers === undefined) return [];
    const { listenPort } = this.#settings;
    const found =
      device === undefined
        ? 'was removed, or its process ended'
        : device.publicKey !== this.publicKey
          ? 'had lost its key'
          : `listened on port ${device.listenPort} instead of ${listenPort}`;
    const message = `${found}; it is there again with its peers`;
    return [{ kind: 'repair.device-restored', subject: `device ${meshDevice}`, group: 'devices', message }];
  }

  #nameOf(key: PublicKey): string | undefined {
    const { nodes, clients = [] } = this.#settings.view();
    const node = nodes.find(({ publicKey }) => publicKey === key);
    return node?.nodeId ?? clients.find(({ publicKey }) => publicKey === key)?.name;
  }

  async #forgetDeparted({ departed }: DesiredMesh, { peers }: DeviceState): Promise<void> {
    if (departed.size <= mostDeparted) return;
    const held = new Set(peers.map(({ publicKey }) => publicKey));
    await this.#settings.forgetDeparted([...departed].filter((key) => !held.has(key)));
  }

  #policy(kernel: KernelState): EndpointPolicy {
    const routable = routableFamilies(kernel);
    return {
      choose: (published, seen, key) => this.#trials.choose(published, routable, seen, key),
      written: () => this.#trials.written(),
    };
  }
}
