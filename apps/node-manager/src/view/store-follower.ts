/** Takes what the store shows into the view, in order; what cannot be written to disk is not worked by, and is tried again. */
import { backoffMs, messageOf, type Clock, type Log, type Random } from '@wgcni/base';
import { Pulse } from '../pulse.ts';
import type { MeshSnapshot } from './snapshot.ts';
import type { ViewKeeper } from './view-keeper.ts';

export interface StoreFollowerDeps {
  keeper: Pick<ViewKeeper, 'accept'>;
  /** Called after each snapshot that is in the view and on disk. */
  onAccepted: (snapshot: MeshSnapshot, isOwnRecordRight: boolean) => void;
  clock: Pick<Clock, 'sleep'>;
  random: Random;
  log: Log;
}

const retries = { firstMs: 100, maxMs: 2_000 };

export class StoreFollower {
  readonly #deps: StoreFollowerDeps;
  readonly #pulse = new Pulse();
  #waiting: MeshSnapshot[] = [];

  constructor(deps: StoreFollowerDeps) {
    this.#deps = deps;
  }

  /** Puts a snapshot behind those that wait. */
  take(snapshot: MeshSnapshot): void {
    this.#waiting.push(snapshot);
    this.#pulse.give();
  }

  /** Works until the signal aborts, and rejects with its reason. A full disk ends nothing: the node works by the view that it has. */
  async run(signal: AbortSignal): Promise<never> {
    for (let failures = 0; ;) {
      const [snapshot] = this.#waiting;
      if (snapshot === undefined) {
        await this.#pulse.wait(signal);
        continue;
      }
      const error = await this.#accept(snapshot);
      if (error === undefined) {
        failures = 0;
        this.#waiting = this.#waiting.filter((one) => one !== snapshot);
        continue;
      }
      this.#deps.log.error({ why: messageOf(error), revision: snapshot.revision }, 'view.not-kept');
      await this.#deps.clock.sleep(backoffMs(failures, retries, this.#deps.random), signal);
      failures += 1;
      // The newest says everything, as a list would; what came before it is not waited for.
      this.#waiting = this.#waiting.slice(-1);
    }
  }

  async #accept(snapshot: MeshSnapshot): Promise<unknown> {
    try {
      const { isOwnRecordRight } = await this.#deps.keeper.accept(snapshot);
      this.#deps.onAccepted(snapshot, isOwnRecordRight);
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
