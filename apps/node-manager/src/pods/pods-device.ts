/** The node's side of every container's tunnel: one device, one writer, changed by delta and never recreated while it lives. */
import { type Log, messageOf, SerialQueue } from '@wgcni/base';
import type { IpRoute, Sysctl } from '@wgcni/iproute';
import type { DeviceRef, DeviceState, KeyPair, ObservedPeer, PeerChange, PublicKey, WgDevices } from '@wgcni/wg';
import { deviceId } from '../keys/device-id.ts';
import { type NodeView, podsDevice } from '../node-view.ts';
import type { RepairBook } from '../repair/repair-book.ts';
import { kernelAfter, kernelRepairs, type WrittenKernel } from '../repair/written-kernel.ts';
import {
  foreignPeers,
  isAnyForeign,
  peerRepairs,
  peersByKey,
  writtenAfter,
  type WrittenPeers,
  writtenThen,
} from '../repair/written-peers.ts';
import { isPodsRoute, planPodsLink } from './plan-link.ts';
import { configOf, type DesiredPeer, planPods, type PodsDesired } from './plan-pods.ts';

export interface PodsDeviceDeps {
  devices: WgDevices;
  iproute: IpRoute;
  sysctl: Sysctl;
  log: Log;
  /** Told of what somebody else changed. */
  repairs: RepairBook;
  /** Told how much a reconcile found other than desired. */
  differed?: (count: number) => void;
}

const ours = { device: podsDevice, isOurRoute: isPodsRoute };

/** A userspace process notices within this that its device is up. */
const settleMs = 2_000;

/** Which device the pods device of a node is. */
export function podsRef(nodeId: string): DeviceRef {
  return { id: deviceId(nodeId, 'pods'), name: podsDevice };
}

export class PodsDevice {
  readonly ref: DeviceRef;
  readonly publicKey: PublicKey;
  readonly #deps: PodsDeviceDeps;
  readonly #key: KeyPair;
  readonly #queue = new SerialQueue();
  #listenPort: number;
  /** What this process wrote, the device's only writer. */
  #writtenPeers: WrittenPeers;
  #writtenKernel: WrittenKernel | undefined;

  constructor(deps: PodsDeviceDeps, ref: DeviceRef, key: KeyPair, listenPort: number) {
    this.#deps = deps;
    this.ref = ref;
    this.publicKey = key.publicKey;
    this.#key = key;
    this.#listenPort = listenPort;
  }

  /** UDP port that containers send to: the live device's, else the configured one. */
  get listenPort(): number {
    return this.#listenPort;
  }

  /** What the device holds now; undefined when it is not there. */
  observe(): Promise<DeviceState | undefined> {
    return this.#deps.devices.observe(this.ref);
  }

  /** Changes peers, after every change asked for before; which, is asked when it is their turn, and may be refused by throwing. */
  change(planned: () => readonly PeerChange[]): Promise<void> {
    return this.#queue.run(async () => {
      const changes = planned();
      if (changes.length > 0) await this.#write(changes);
    });
  }

  /** Whether the device has the peers that were written, and no other; true as long as nobody knows. */
  isAsWritten(): Promise<boolean> {
    return this.#queue.run(async () => {
      const peers = this.#writtenPeers === undefined ? undefined : (await this.observe())?.peers;
      return peers === undefined || !isAnyForeign(foreignPeers(this.#writtenPeers, peers));
    });
  }

  /** Removes a peer; a missing one, or a missing device, is fine. */
  remove(publicKey: PublicKey): Promise<void> {
    return this.#queue.run(async () => {
      try {
        await this.#write([{ kind: 'remove', publicKey }]);
      } catch (error) {
        const state = await this.observe();
        if (state?.peers.some((peer) => peer.publicKey === publicKey) === true) throw error;
        this.#deps.log.debug({ publicKey, error: messageOf(error) }, 'pods.peer-was-gone');
      }
    });
  }

  /**
   * Makes the device equal to the view and to `desired`, creating it when it is not there.
   * Resolves with the peers that have no record, which the caller adopts.
   */
  reconcile(view: NodeView, desired: () => PodsDesired): Promise<ObservedPeer[]> {
    return this.#queue.run(async () => {
      // ORDER: observed is read before desired, so the peer of an ADD in flight is always known to be wanted.
      const observed = await this.observe();
      if (observed === undefined) {
        this.#deps.differed?.(1);
        await this.#create(view, desired);
        return [];
      }
      const adopt = await this.#adapt(observed, desired);
      await this.#linkUp(view);
      return adopt;
    });
  }

  async #create(view: NodeView, desired: () => PodsDesired): Promise<void> {
    const wasThere = this.#writtenKernel !== undefined;
    await this.#deps.devices.create(this.ref, view.mtu);
    await this.#configure(desired, []);
    this.#deps.log.info({ device: podsDevice, port: this.#listenPort, publicKey: this.publicKey }, 'pods.created');
    await this.#linkUp(view);
    await this.#greet(desired().peers);
    if (wasThere) this.#tellRestored('was removed, or its process ended');
  }

  #tellRestored(found: string): void {
    const message = `${found}; it is there again with its peers`;
    const subject = `device ${podsDevice}`;
    this.#deps.repairs.tell([{ kind: 'repair.device-restored', subject, group: 'devices', message }]);
  }

  async #write(changes: readonly PeerChange[]): Promise<void> {
    const before = this.#writtenPeers;
    // When it fails, nobody knows what came of it: what is there then counts as ours.
    this.#writtenPeers = undefined;
    await this.#deps.devices.change(this.ref, changes);
    this.#writtenPeers = writtenThen(before, changes);
  }

  /**
   * A device or peer made anew under containers that run is a stranger to them, and they would notice after 15 s: turning a keepalive on
   * makes WireGuard shake hands at once.
   */
  async #greet(peers: readonly DesiredPeer[]): Promise<void> {
    const known = peers.filter(({ endpoint }) => endpoint !== undefined);
    if (known.length === 0) return;
    await this.#deps.devices.settle(this.ref, settleMs);
    for (const seconds of [() => 1, ({ keepaliveSec }: DesiredPeer) => keepaliveSec]) {
      const changes = known.map((peer): PeerChange => {
        return { kind: 'update', publicKey: peer.publicKey, keepaliveSec: seconds(peer) };
      });
      await this.#write(changes);
    }
  }

  async #adapt(observed: DeviceState, desired: () => PodsDesired): Promise<ObservedPeer[]> {
    const foreign = foreignPeers(this.#writtenPeers, observed.peers);
    const wanted = desired();
    const plan = planPods(wanted, observed.peers, new Set(foreign.added.keys()));
    this.#deps.differed?.(plan.changes.length);
    // A crash between making and configuring it leaves a device without a key.
    if (observed.publicKey !== this.publicKey) {
      const wasThere = this.#writtenKernel !== undefined;
      await this.#configure(desired, plan.adopt);
      if (wasThere) this.#tellRestored('had lost its key');
      return plan.adopt;
    }
    const labels = new Map(wanted.peers.map(({ publicKey, label }) => [publicKey, label]));
    const nameOf = (key: PublicKey): string | undefined => labels.get(key);
    const mending = peerRepairs(foreign, plan.changes, { device: podsDevice, nameOf });
    const changes = this.#deps.repairs.due(plan.changes, mending);
    const before = this.#writtenPeers;
    if (changes.length > 0) await this.#write(changes);
    this.#writtenPeers = writtenAfter(before, observed.peers, changes, new Set([...labels.keys(), ...wanted.leaving]));
    this.#deps.repairs.made(changes, mending);
    const restored = changes.flatMap((change) => (change.kind === 'add' && mending.has(change) ? [change.peer] : []));
    await this.#greet(wanted.peers.filter(({ publicKey }) => restored.some((peer) => peer.publicKey === publicKey)));
    this.#keepPort(observed.listenPort);
    return plan.adopt;
  }

  async #configure(desired: () => PodsDesired, adopted: readonly ObservedPeer[]): Promise<void> {
    const settings = { privateKey: this.#key.privateKey, listenPort: this.#listenPort };
    const peers = [...desired().peers.map(configOf), ...adopted];
    [this.#writtenPeers, this.#writtenKernel] = [undefined, undefined];
    await this.#deps.devices.configure(this.ref, { ...settings, peers });
    this.#writtenPeers = peersByKey(peers);
  }

  /** Containers know the port of the device that lives; another configured one counts when it is made anew. */
  #keepPort(live: number): void {
    if (live === 0 || live === this.#listenPort) return;
    this.#deps.log.warn({ configured: this.#listenPort, live }, 'pods.port-kept');
    this.#listenPort = live;
  }

  async #linkUp(view: NodeView): Promise<void> {
    const { iproute, repairs } = this.#deps;
    const observed = await iproute.observe(undefined);
    const planned = planPodsLink(view, observed);
    this.#deps.differed?.(planned.length);
    const mending = kernelRepairs(this.#writtenKernel, observed, planned, ours);
    const changes = repairs.due(planned, mending);
    this.#writtenKernel = kernelAfter(this.#writtenKernel, observed, [], ours);
    if (changes.length === 0) return;
    const hasIpv6 = view.grants.some(({ cidr }) => cidr.family === 6);
    if (hasIpv6) await this.#deps.sysctl.write({ [`net.ipv6.conf.${podsDevice}.disable_ipv6`]: '0' });
    await iproute.apply(changes, undefined);
    this.#writtenKernel = kernelAfter(this.#writtenKernel, observed, changes, ours);
    repairs.made(changes, mending);
    this.#deps.log.info({ changes: changes.map(({ kind }) => kind) }, 'pods.link-changed');
  }
}
