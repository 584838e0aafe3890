/** What metrics tell that nobody else looks at: read every 10 s, so that who asks for metrics reads memory only. */
import { type Clock, type Log, messageOf } from '@wgcni/base';
import { UseTrends } from '@wgcni/ipam';
import type { Attachments } from '../attachments/index.ts';
import { meshDevice, podsDevice } from '../node-view.ts';
import { rejectedPackets } from './link-errors.ts';

const everyMs = 10_000;

export interface RegularLookDeps {
  attachments: Pick<Attachments, 'addressUse' | 'queuedDeletions'>;
  /** The text of /proc/net/dev of the node's namespace; undefined where the tunnels are not the kernel's, and count nothing. */
  readNetDev: (() => Promise<string>) | undefined;
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  log: Log;
}

export class RegularLook {
  readonly #deps: RegularLookDeps;
  readonly #trends = new UseTrends();
  /** Packets that each device refused; none of a device that is not known to count. */
  rejected: ReadonlyMap<string, number> = new Map();
  /** Deletions that wait on disk; undefined before the first look, and when the queue cannot be read. */
  queuedDeletions: number | undefined;

  constructor(deps: RegularLookDeps) {
    this.#deps = deps;
  }

  /** Looks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await this.#deps.clock.sleep(everyMs, signal).catch(() => undefined);
    }
  }

  /** What cannot be read is not known from then on, and logged. */
  async look(): Promise<void> {
    const { attachments, readNetDev, clock } = this.#deps;
    const uses = attachments.addressUse().map(({ subnet, taken }) => ({ name: subnet, taken }));
    this.#trends.note(clock.monotonicMs(), uses);
    this.queuedDeletions = await this.#read('queue', () => attachments.queuedDeletions());
    const text = await this.#read('links', async () => readNetDev?.());
    this.rejected = text === undefined ? new Map() : rejectedPackets(text, [meshDevice, podsDevice]);
  }

  /** Milliseconds until no address of a subnet is free, where that can be told. */
  untilFullMs(subnet: string, free: number): number | undefined {
    return this.#trends.untilFullMs(subnet, free);
  }

  async #read<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#deps.log.warn({ what, why: messageOf(error) }, 'metrics.unreadable');
      return undefined;
    }
  }
}
