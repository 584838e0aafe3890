/** Devices of wireguard-go: one process each in our namespace, its link moved down into the container's. */
import { CatalogueError, systemClock, type Secret } from '@wgcni/base';
import { ExecIpRoute, Processes } from '@wgcni/iproute';
import type { DeviceDump } from '../dump.ts';
import { deviceRefused, interfaceExists } from '../exec/failures.ts';
import type { PeerChange } from '../peer.ts';
import type { DeviceChanges, DeviceRef, DeviceSettings, DeviceState, WgDevices } from '../port.ts';
import { ProcessRecords } from './process-records.ts';
import { changeDevice, readDevice, writeDevice } from './uapi.ts';
import { hasUdpSocket } from './udp-sockets.ts';
import { WireguardGo } from './wireguard-go.ts';

const settlePollMs = 20;

export interface UserspaceDevicesOptions {
  /** Where the process records are kept; survives a restart of the node-manager. */
  stateDir: string;
  /** A namespace that stands for our own; by default the one this process is in. */
  ownNetns?: string;
}

export class UserspaceDevices implements WgDevices {
  readonly backend = 'userspace';
  readonly #processes: Processes;
  readonly #ipRoute: ExecIpRoute;
  readonly #daemons: WireguardGo;

  private constructor(options: UserspaceDevicesOptions, records: ProcessRecords) {
    this.#processes = new Processes(options.ownNetns);
    this.#ipRoute = new ExecIpRoute(options);
    this.#daemons = new WireguardGo(this.#processes, records);
  }

  /** Prepares the directory of the records. */
  static async open(options: UserspaceDevicesOptions): Promise<UserspaceDevices> {
    return new UserspaceDevices(options, await ProcessRecords.open(options.stateDir));
  }

  async create(ref: DeviceRef, mtu: number): Promise<void> {
    checkId(ref.id);
    await this.#daemons.stop(ref.id);
    await this.#daemons.start(ref.id);
    try {
      await this.#place(ref, mtu);
    } catch (error) {
      await this.#daemons.stop(ref.id);
      throw error;
    }
  }

  async configure(ref: DeviceRef, settings: DeviceSettings): Promise<void> {
    await writeDevice(ref.id, settings);
  }

  async change(ref: DeviceRef, changes: readonly PeerChange[]): Promise<void> {
    await changeDevice(ref.id, changes);
  }

  changeEach(all: readonly DeviceChanges[]): Promise<void>[] {
    return all.map(({ ref, changes }) => this.change(ref, changes));
  }

  async observe(ref: DeviceRef): Promise<DeviceState | undefined> {
    const dump = await this.#dump(ref);
    if (dump === undefined) return undefined;
    return { ref, publicKey: dump.publicKey, listenPort: dump.listenPort, peers: dump.peers };
  }

  async readPrivateKey(ref: DeviceRef): Promise<Secret | undefined> {
    return (await this.#dump(ref))?.privateKey;
  }

  /**
   * In another namespace wireguard-go looks only once a second whether its link is up, and binds its port when it sees that. On some
   * kernels a new link looks up to it from the start; then this is true at once.
   */
  async settle(ref: DeviceRef, timeoutMs: number): Promise<boolean> {
    const deadline = systemClock.monotonicMs() + timeoutMs;
    const identity = await this.#daemons.find(ref.id);
    if (identity === undefined) return false;
    while (true) {
      if (await hasUdpSocket(identity.pid)) return true;
      if (systemClock.monotonicMs() >= deadline) return false;
      await systemClock.sleep(settlePollMs);
    }
  }

  async remove(ref: DeviceRef): Promise<void> {
    await this.#daemons.stop(ref.id);
  }

  async liveIds(idPrefix: string): Promise<string[]> {
    return this.#daemons.liveIds(idPrefix);
  }

  /** Brings the new link, still down, under its final name into its final namespace. */
  async #place(ref: DeviceRef, mtu: number): Promise<void> {
    // ORDER: never up before it has moved; wireguard-go would take it for down for ever.
    const target = ref.netns === undefined ? [] : ['netns', ref.netns];
    const argv = ['ip', 'link', 'set', 'dev', ref.id, 'mtu', String(mtu), ...target, 'name', ref.name];
    const { status, stderr } = await this.#processes.run({ argv });
    if (status !== 0) throw (await this.#hasLink(ref)) ? interfaceExists(ref) : deviceRefused(ref, stderr.trim());
    if (ref.netns === undefined) await this.#keepFirstName(ref);
  }

  /**
   * wireguard-go fills packets up to a multiple of 16 bytes, but not beyond the link's MTU, which it asks for by the name that it gave the link
   * itself: without that name it goes by 1,420 for ever, and outer packets get larger than the underlay takes. In a namespace that is not
   * its own it cannot ask; there the next hop is the loopback, which takes any packet. A kernel before 5.5 has no second names.
   */
  async #keepFirstName({ name, id }: DeviceRef): Promise<void> {
    if (name !== id) await this.#processes.run({ argv: ['ip', 'link', 'property', 'add', 'dev', name, 'altname', id] });
  }

  async #hasLink(ref: DeviceRef): Promise<boolean> {
    return (await this.#ipRoute.observe(ref.netns)).links.some((link) => link.name === ref.name);
  }

  async #dump(ref: DeviceRef): Promise<DeviceDump | undefined> {
    if ((await this.#daemons.find(ref.id)) === undefined) return undefined;
    const dump = await readDevice(ref.id);
    if (dump !== undefined || (await this.#daemons.find(ref.id)) === undefined) return dump;
    throw deviceRefused(ref, 'its process lives, but it does not answer');
  }
}

/** The id becomes a link's name, a file's name and an argument. */
function checkId(id: string): void {
  if (/^[a-zA-Z][a-zA-Z0-9_-]{0,14}$/.test(id)) return;
  throw new CatalogueError('request.invalid', `"${id}" cannot name a userspace device`, {
    field: 'id',
    remedy: 'use at most 15 letters, digits, minus and underscore, beginning with a letter',
  });
}
