/** What the mesh device showed when somebody looked last: one dump, shared by all who want to know of its peers. */
import type { Clock } from '@wgcni/base';
import type { DeviceState } from '@wgcni/wg';

export interface Look {
  /** Undefined when the device is not there. */
  device: DeviceState | undefined;
  /** When the look began, in milliseconds: of the monotonic clock, and of the one that handshakes are told by. */
  monotonicMs: number;
  wallMs: number;
}

export class MeshLook {
  readonly #observe: () => Promise<DeviceState | undefined>;
  readonly #clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  readonly #told = new Set<(look: Look) => void>();
  #begun = 0;
  #last: { look: Look; turn: number } | undefined;

  constructor(observe: () => Promise<DeviceState | undefined>, clock: Pick<Clock, 'monotonicMs' | 'wallMs'>) {
    this.#observe = observe;
    this.#clock = clock;
  }

  /** The newest look; undefined before there was one. It asks nobody. */
  get last(): Look | undefined {
    return this.#last?.look;
  }

  /** Calls `told` after each look, oldest first; it must not throw. Returns what ends that. */
  onLook(told: (look: Look) => void): () => void {
    this.#told.add(told);
    return () => void this.#told.delete(told);
  }

  /** Looks now. Throws what the device's port throws; the look before stays the last then. */
  async take(): Promise<DeviceState | undefined> {
    this.#begun += 1;
    const [turn, monotonicMs, wallMs] = [this.#begun, this.#clock.monotonicMs(), this.#clock.wallMs()];
    const device = await this.#observe();
    // Of two at once the one that began later knows more, whichever ends first.
    if (this.#last === undefined || turn > this.#last.turn) {
      const look = { device, monotonicMs, wallMs };
      this.#last = { look, turn };
      for (const told of this.#told) told(look);
    }
    return device;
  }

  /** The newest look when it is at most `maxAgeMs` old, else a new one. Throws as `take`. */
  async within(maxAgeMs: number): Promise<DeviceState | undefined> {
    const { last } = this;
    if (last !== undefined && this.#clock.monotonicMs() - last.monotonicMs <= maxAgeMs) return last.device;
    return this.take();
  }
}
