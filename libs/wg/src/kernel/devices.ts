/** Devices of the kernel's own WireGuard: a link made from our namespace directly inside the container's. */
import { randomBytes } from 'node:crypto';
import { silentLog, systemClock, messageOf, type Log, type Secret } from '@wgcni/base';
import { ExecIpRoute, identifyNetns, Processes } from '@wgcni/iproute';
import { deviceRefused, interfaceExists, isNetnsGone } from '../exec/failures.ts';
import { PrivateFiles } from '../exec/private-files.ts';
import { WgTool } from '../exec/wg-tool.ts';
import type { PeerChange } from '../peer.ts';
import type { DeviceRef, DeviceSettings, DeviceState, WgDevices } from '../port.ts';

/** Removing a link waits for an RCU grace period, about 100 ms; nobody waits longer than this. */
const removalBoundMs = 250;
const settlePollMs = 20;

export interface KernelDevicesOptions {
  /** A directory of our own on tmpfs, for files that hold a key for the life of one call. */
  runDir: string;
  /** A namespace that stands for our own; by default the one this process is in. */
  ownNetns?: string;
  log?: Log;
}

export class KernelDevices implements WgDevices {
  readonly backend = 'kernel';
  readonly #processes: Processes;
  readonly #ipRoute: ExecIpRoute;
  readonly #wg: WgTool;
  readonly #log: Log;

  private constructor(options: KernelDevicesOptions, files: PrivateFiles) {
    this.#processes = new Processes(options.ownNetns);
    this.#ipRoute = new ExecIpRoute(options);
    this.#wg = new WgTool(this.#processes, files);
    this.#log = options.log ?? silentLog;
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
   * a link that is made in another namespace: it is made under a name that nobody has, and named there.
   */
  async #createUnderOtherName(ref: DeviceRef, netns: string, mtu: number): Promise<void> {
    const passing = `wg-new-${randomBytes(4).toString('hex')}`;
    const refusal = await this.#add(ref, passing, mtu);
    if (refusal !== undefined) throw deviceRefused(ref, refusal);
    const rename = ['ip', 'link', 'set', 'dev', passing, 'name', ref.name];
    const { status, stderr } = await this.#processes.run({ argv: rename, netns });
    if (status === 0) return;
    await this.#processes.run({ argv: ['ip', 'link', 'delete', 'dev', passing], netns });
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

  async remove(ref: DeviceRef): Promise<void> {
    // FENCE: the runtime's name may by now be another program's link; only a WireGuard link is ours.
    if ((await this.#findLink(ref))?.kind !== 'wireguard') return;
    let isOver = false;
    const removal = this.#ipRoute
      .apply([{ kind: 'remove-link', name: ref.name }], ref.netns)
      .catch((error: unknown) => {
        if (isNetnsGone(error)) return;
        if (!isOver) throw error;
        this.#log.warn({ device: ref.id, name: ref.name, reason: messageOf(error) }, 'device.removal-failed');
      });
    await Promise.race([removal, systemClock.sleep(removalBoundMs)]);
    isOver = true;
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

  async #findLink(ref: DeviceRef) {
    try {
      return (await this.#ipRoute.observe(ref.netns)).links.find((link) => link.name === ref.name);
    } catch (error) {
      if (isNetnsGone(error)) return undefined;
      throw error;
    }
  }
}
