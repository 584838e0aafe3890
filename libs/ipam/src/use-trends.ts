/** PURE: the trends of several pools at once, by their names. */
import { UseTrend } from './use-trend.ts';

export class UseTrends {
  #trends = new Map<string, UseTrend>();

  /** So much of each is taken at this instant of the monotonic clock. A name that is missing here is forgotten. */
  note(atMs: number, uses: readonly { name: string; taken: number }[]): void {
    this.#trends = new Map(uses.map(({ name }) => [name, this.#trends.get(name) ?? new UseTrend()]));
    for (const { name, taken } of uses) this.#trends.get(name)?.note(atMs, taken);
  }

  /** Milliseconds until nothing of it is free, of which `free` is now, as `UseTrend` says it. */
  untilFullMs(name: string, free: number): number | undefined {
    return (this.#trends.get(name) ?? new UseTrend()).untilFullMs(free);
  }
}
