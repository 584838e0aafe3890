/** WireGuard devices in memory, with the kernel's rules for allowed IPs and endpoints, for tests of what stands above. */
import { CatalogueError, type Secret } from '@wgcni/base';
import { systemKeys } from '../key-generator.ts';
import type { PublicKey } from '../key.ts';
import type { PeerChange } from '../peer.ts';
import { applyPeerChanges } from '../peer-table.ts';
import type { DeviceChanges, DeviceRef, DeviceSettings, DeviceState, ObservedPeer, WgDevices } from '../port.ts';

/** Where the devices' links appear; the memory kernel of `@wgcni/iproute` is one. */
export interface LinkHost {
  /** Throws CatalogueError `interface.exists`, `netns.unusable`. */
  addLink(netns: string | undefined, link: { name: string; kind: string; mtu: number }): void;
  removeLink(netns: string | undefined, name: string): void;
  observe(netns: string | undefined): Promise<{ links: { name: string; isUp: boolean }[] }>;
}

interface MemoryDevice {
  ref: DeviceRef;
  privateKey: Secret | undefined;
  listenPort: number;
  peers: ObservedPeer[];
}

export class MemoryDevices implements WgDevices {
  readonly backend = 'memory';
  /** Every change with the device it was made to, in order, for tests to look at. */
  readonly changed: { id: string; changes: readonly PeerChange[] }[] = [];

  readonly #links: LinkHost | undefined;
  readonly #devices = new Map<string, MemoryDevice>();

  constructor(links?: LinkHost) {
    this.#links = links;
  }

  async create(ref: DeviceRef, mtu: number): Promise<void> {
    await this.remove(ref);
    const isTaken = [...this.#devices.values()].some(
      (device) => device.ref.name === ref.name && device.ref.netns === ref.netns,
    );
    if (isTaken && this.#links === undefined) {
      throw new CatalogueError('interface.exists', `a link named "${ref.name}" exists already`);
    }
    this.#links?.addLink(ref.netns, { name: ref.name, kind: 'wireguard', mtu });
    this.#devices.set(ref.id, { ref, privateKey: undefined, listenPort: 0, peers: [] });
  }

  async configure(ref: DeviceRef, { privateKey, listenPort, peers }: DeviceSettings): Promise<void> {
    const device = this.#device(ref);
    const adds = peers.map((peer): PeerChange => ({ kind: 'add', peer }));
    Object.assign(device, { privateKey, listenPort, peers: applyPeerChanges<ObservedPeer>([], adds, unheard) });
  }

  async change(ref: DeviceRef, changes: readonly PeerChange[]): Promise<void> {
    const device = this.#device(ref);
    device.peers = applyPeerChanges(device.peers, changes, unheard);
    this.changed.push({ id: ref.id, changes });
  }

  changeEach(all: readonly DeviceChanges[]): Promise<void>[] {
    return all.map(({ ref, changes }) => this.change(ref, changes));
  }

  async observe(ref: DeviceRef): Promise<DeviceState | undefined> {
    const device = this.#devices.get(ref.id);
    if (device === undefined || !(await this.#hasLink(device.ref))) return undefined;
    const { privateKey, listenPort, peers } = device;
    const publicKey = privateKey === undefined ? undefined : systemKeys.publicKeyOf(privateKey);
    return { ref, publicKey, listenPort, peers: structuredClone(peers) };
  }

  async readPrivateKey(ref: DeviceRef): Promise<Secret | undefined> {
    return this.#devices.get(ref.id)?.privateKey;
  }

  async settle(ref: DeviceRef): Promise<boolean> {
    const state = await this.#links?.observe(ref.netns);
    return state === undefined || state.links.some((link) => link.name === ref.name && link.isUp);
  }

  async remove(ref: DeviceRef): Promise<void> {
    this.die(ref.id);
  }

  async liveIds(idPrefix: string): Promise<string[]> {
    return [...this.#devices.keys()].filter((id) => id.startsWith(idPrefix)).sort();
  }

  /** A packet arrived from a peer: counters grow, a handshake is noted, and the endpoint roams to where it came from. */
  hear(ref: DeviceRef, publicKey: PublicKey, packet: { from: string; bytes: number; at: number }): void {
    const device = this.#device(ref);
    device.peers = device.peers.map((peer) =>
      peer.publicKey === publicKey
        ? {
            ...peer,
            endpoint: packet.from,
            receivedBytes: peer.receivedBytes + packet.bytes,
            latestHandshakeAt: packet.at,
          }
        : peer,
    );
  }

  /** The device's process dies or its namespace goes: the device and its key are gone, nobody was told. */
  die(id: string): void {
    const device = this.#devices.get(id);
    this.#devices.delete(id);
    if (device !== undefined) this.#links?.removeLink(device.ref.netns, device.ref.name);
  }

  async #hasLink(ref: DeviceRef): Promise<boolean> {
    if (this.#links === undefined) return true;
    try {
      return (await this.#links.observe(ref.netns)).links.some((link) => link.name === ref.name);
    } catch (error) {
      if (error instanceof CatalogueError && error.code === 'netns.unusable') return false;
      throw error;
    }
  }

  #device(ref: DeviceRef): MemoryDevice {
    const device = this.#devices.get(ref.id);
    if (device !== undefined) return device;
    throw new CatalogueError('kernel.refused', `there is no WireGuard device "${ref.name}" (${ref.id})`);
  }
}

function unheard<P extends object>(
  peer: P,
): P & { latestHandshakeAt: number; receivedBytes: number; sentBytes: number } {
  return { ...peer, latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 };
}
