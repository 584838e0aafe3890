/** Devices of the kernel's own WireGuard: a link made from our namespace directly inside the container's. */
import { systemClock, type Secret } from '@wgcni/base';
import { ExecIpRoute, identifyNetns, type KernelChange, type LinkState, Processes } from '@wgcni/iproute';
import { deviceRefused, interfaceExists, isNetnsGone } from '../exec/failures.ts';
import { PrivateFiles } from '../exec/private-files.ts';
import { WgTool } from '../exec/wg-tool.ts';
import type { PeerChange } from '../peer.ts';
import type { DeviceChanges, DeviceRef, DeviceSettings, DeviceState, WgDevices } from '../port.ts';

const settlePollMs = 20;

export interface KernelDevicesOptions {
  /** A directory of our own on tmpfs, for files that hold a key for the life of one call. */
  runDir: string;
  /** A namespace that stands for our own; by default the one this process is in. */
  ownNetns?: string;
}

export class KernelDevices implements WgDevices {
  readonly backend = 'kernel';
  readonly #processes: Processes;
  readonly #ipRoute: ExecIpRoute;
  readonly #wg: WgTool;

  private constructor(options: KernelDevicesOptions, files: PrivateFiles) {
    this.#processes = new Processes(options.ownNetns);
    this.#ipRoute = new ExecIpRoute(options);
    this.#wg = new WgTool(this.#processes, files);
  }

  /** Prepares `runDir`. Throws CatalogueError `config.invalid` when it is not a private directory on tmpfs. */
  static async open(options: KernelDevicesOptions): Promise<KernelDevices> {
    return new KernelDevices(options, await PrivateFiles.open(options.runDir));
  }

  async create(ref: DeviceRef, mtu: number): Promise<void> {
    if (ref.netns !== undefined) await identifyNetns(ref.netns);
    const refusal = await this.#add(ref, ref.name, mtu);
    if (refusal === undefined) return;
    if ((await this.#findLink(ref)) !== undefined) throw interfaceExists(ref);
    if (ref.netns === undefined || !refusal.includes('File exists')) throw deviceRefused(ref, refusal);
    await this.#createUnderOtherName(ref, ref.netns, mtu);
  }

  /**
   * Older kernels (Debian 12's 6.1) refuse a name that a link of the caller's own namespace has, such as the node's `eth0`, also for
   * a link that is made in another namespace: it is made under its id, which nobody else has, and named there.
   */
  async #createUnderOtherName(ref: DeviceRef, netns: string, mtu: number): Promise<void> {
    // A crash between the two calls leaves it; `remove` and the next `create` know it by its name.
    await this.#removeLinks({ ...ref, name: ref.id });
    const refusal = await this.#add(ref, ref.id, mtu);
    if (refusal !== undefined) throw deviceRefused(ref, refusal);
    const rename = ['ip', 'link', 'set', 'dev', ref.id, 'name', ref.name];
    const { status, stderr } = await this.#processes.run({ argv: rename, netns });
    if (status === 0) return;
    await this.#removeLinks({ ...ref, name: ref.id });
    throw stderr.includes('File exists') ? interfaceExists(ref) : deviceRefused(ref, stderr.trim());
  }

  /** Adds a link from our namespace, where its UDP socket stays; resolves with the kernel's words when it refuses. */
  async #add({ netns }: DeviceRef, name: string, mtu: number): Promise<string | undefined> {
    const target = netns === undefined ? [] : ['netns', netns];
    const argv = ['ip', 'link', 'add', 'name', name, 'mtu', String(mtu), ...target, 'type', 'wireguard'];
    const { status, stderr } = await this.#processes.run({ argv });
    return status === 0 ? undefined : stderr.trim();
  }

  async configure(ref: DeviceRef, settings: DeviceSettings): Promise<void> {
    await this.#wg.setConfig(ref, settings);
  }

  async change(ref: DeviceRef, changes: readonly PeerChange[]): Promise<void> {
    await this.#wg.set(ref, changes);
  }

  changeEach(all: readonly DeviceChanges[]): Promise<void>[] {
    return this.#wg.setEach(all.map(({ ref, changes }) => ({ target: ref, changes })));
  }

  async observe(ref: DeviceRef): Promise<DeviceState | undefined> {
    const dump = await this.#dump(ref);
    if (dump === undefined) return undefined;
    return { ref, publicKey: dump.publicKey, listenPort: dump.listenPort, peers: dump.peers };
  }

  async readPrivateKey(ref: DeviceRef): Promise<Secret | undefined> {
    return (await this.#dump(ref))?.privateKey;
  }

  async settle(ref: DeviceRef, timeoutMs: number): Promise<boolean> {
    const deadline = systemClock.monotonicMs() + timeoutMs;
    while (!(await this.#findLink(ref))?.isUp) {
      if (systemClock.monotonicMs() >= deadline) return false;
      await systemClock.sleep(settlePollMs);
    }
    return true;
  }

  /** Resolves when the kernel has forgotten the link, after an RCU grace period of about 100 ms: until then its port is not free. */
  async remove(ref: DeviceRef): Promise<void> {
    await this.#removeLinks(ref);
  }

  async liveIds(): Promise<string[]> {
    return [];
  }

  async #dump(ref: DeviceRef) {
    try {
      const dump = await this.#wg.dump(ref);
      if (dump !== undefined || (await this.#findLink(ref))?.kind !== 'wireguard') return dump;
    } catch (error) {
      if (isNetnsGone(error)) return undefined;
      throw error;
    }
    throw deviceRefused(ref, '`wg show` cannot read it');
  }

  async #removeLinks(ref: DeviceRef): Promise<void> {
    // FENCE: the runtime's name may by now be another program's link; only a WireGuard link is ours.
    const ours = (await this.#links(ref)).filter(
      ({ name, kind }) => kind === 'wireguard' && [ref.name, ref.id].includes(name),
    );
    const removals = ours.map(({ name }): KernelChange => ({ kind: 'remove-link', name }));
    try {
      if (removals.length > 0) await this.#ipRoute.apply(removals, ref.netns);
    } catch (error) {
      if (!isNetnsGone(error)) throw error;
    }
  }

  async #findLink(ref: DeviceRef): Promise<LinkState | undefined> {
    return (await this.#links(ref)).find((link) => link.name === ref.name);
  }

  async #links({ netns }: DeviceRef): Promise<LinkState[]> {
    try {
      return (await this.#ipRoute.observe(netns)).links;
    } catch (error) {
      if (isNetnsGone(error)) return [];
      throw error;
    }
  }
}
