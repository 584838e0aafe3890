/** The node's side of every container's tunnel: one device, one writer, changed by delta and never recreated while it lives. */
import { type Log, messageOf, SerialQueue } from '@wgcni/base';
import type { IpRoute, Sysctl } from '@wgcni/iproute';
import type { DeviceRef, DeviceState, KeyPair, ObservedPeer, PeerChange, PublicKey, WgDevices } from '@wgcni/wg';
import { deviceId } from '../keys/device-id.ts';
import { type NodeView, podsDevice } from '../node-view.ts';
import { planPodsLink } from './plan-link.ts';
import { configOf, type DesiredPeer, planPods, type PodsDesired } from './plan-pods.ts';

export interface PodsDeviceDeps {
  devices: WgDevices;
  iproute: IpRoute;
  sysctl: Sysctl;
  log: Log;
}

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
      if (changes.length > 0) await this.#deps.devices.change(this.ref, changes);
    });
  }

  /** Removes a peer; a missing one, or a missing device, is fine. */
  remove(publicKey: PublicKey): Promise<void> {
    return this.#queue.run(async () => {
      try {
        await this.#deps.devices.change(this.ref, [{ kind: 'remove', publicKey }]);
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
        await this.#create(view, desired);
        return [];
      }
      const adopt = await this.#adapt(observed, desired);
      await this.#linkUp(view);
      return adopt;
    });
  }

  async #create(view: NodeView, desired: () => PodsDesired): Promise<void> {
    await this.#deps.devices.create(this.ref, view.mtu);
    await this.#configure(desired, []);
    this.#deps.log.info({ device: podsDevice, port: this.#listenPort, publicKey: this.publicKey }, 'pods.created');
    await this.#linkUp(view);
    await this.#greet(desired().peers);
  }

  /**
   * A device made anew under containers that run is a stranger to them, and they would notice after 15 s: turning a keepalive on
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
      await this.#deps.devices.change(this.ref, changes);
    }
  }

  async #adapt(observed: DeviceState, desired: () => PodsDesired): Promise<ObservedPeer[]> {
    const plan = planPods(desired(), observed.peers);
    // A crash between making and configuring it leaves a device without a key.
    if (observed.publicKey !== this.publicKey) await this.#configure(desired, plan.adopt);
    else if (plan.changes.length > 0) await this.#deps.devices.change(this.ref, plan.changes);
    if (observed.publicKey === this.publicKey) this.#keepPort(observed.listenPort);
    return plan.adopt;
  }

  async #configure(desired: () => PodsDesired, adopted: readonly ObservedPeer[]): Promise<void> {
    const settings = { privateKey: this.#key.privateKey, listenPort: this.#listenPort };
    const peers = [...desired().peers.map(configOf), ...adopted];
    await this.#deps.devices.configure(this.ref, { ...settings, peers });
  }

  /** Containers know the port of the device that lives; another configured one counts when it is made anew. */
  #keepPort(live: number): void {
    if (live === 0 || live === this.#listenPort) return;
    this.#deps.log.warn({ configured: this.#listenPort, live }, 'pods.port-kept');
    this.#listenPort = live;
  }

  async #linkUp(view: NodeView): Promise<void> {
    const changes = planPodsLink(view, await this.#deps.iproute.observe(undefined));
    if (changes.length === 0) return;
    const hasIpv6 = view.grants.some(({ cidr }) => cidr.family === 6);
    if (hasIpv6) await this.#deps.sysctl.write({ [`net.ipv6.conf.${podsDevice}.disable_ipv6`]: '0' });
    await this.#deps.iproute.apply(changes, undefined);
    this.#deps.log.info({ changes: changes.map(({ kind }) => kind) }, 'pods.link-changed');
  }
}
