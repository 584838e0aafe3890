/** Userspace devices that tell when one that was there has to be made again: its process has ended meanwhile. */
import type { Secret } from '@wgcni/base';
import type { DeviceChanges, DeviceRef, DeviceSettings, DeviceState, PeerChange, WgDevices } from '@wgcni/wg';

export class RestartWatch implements WgDevices {
  readonly #devices: WgDevices;
  readonly #told: (ref: DeviceRef) => void;
  /** Ids of devices that are there as far as it was seen. */
  readonly #known = new Set<string>();

  /** `told` hears of each device that was made again. */
  constructor(devices: WgDevices, told: (ref: DeviceRef) => void) {
    this.#devices = devices;
    this.#told = told;
  }

  get backend(): WgDevices['backend'] {
    return this.#devices.backend;
  }

  async create(ref: DeviceRef, mtu: number): Promise<void> {
    const wasThere = this.#known.has(ref.id);
    await this.#devices.create(ref, mtu);
    this.#known.add(ref.id);
    if (wasThere) this.#told(ref);
  }

  configure(ref: DeviceRef, settings: DeviceSettings): Promise<void> {
    return this.#devices.configure(ref, settings);
  }

  change(ref: DeviceRef, changes: readonly PeerChange[]): Promise<void> {
    return this.#devices.change(ref, changes);
  }

  changeEach(all: readonly DeviceChanges[]): Promise<void>[] {
    return this.#devices.changeEach(all);
  }

  async observe(ref: DeviceRef): Promise<DeviceState | undefined> {
    const state = await this.#devices.observe(ref);
    if (state !== undefined) this.#known.add(ref.id);
    return state;
  }

  readPrivateKey(ref: DeviceRef): Promise<Secret | undefined> {
    return this.#devices.readPrivateKey(ref);
  }

  settle(ref: DeviceRef, timeoutMs: number): Promise<boolean> {
    return this.#devices.settle(ref, timeoutMs);
  }

  async remove(ref: DeviceRef): Promise<void> {
    await this.#devices.remove(ref);
    this.#known.delete(ref.id);
  }

  async liveIds(idPrefix: string): Promise<string[]> {
    const ids = await this.#devices.liveIds(idPrefix);
    for (const id of ids) this.#known.add(id);
    return ids;
  }
}
