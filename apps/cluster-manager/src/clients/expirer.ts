/** The leader takes clients away whose life has ended: when it is told that a life's key is gone, and when its term begins. */
import { messageOf, toCatalogueError, type Clock, type Log } from '@wgcni/base';
import type { ReplicaMeters } from '../metrics/replica-meters.ts';
import type { LeaderWriter } from '../registry/leader-writer.ts';
import { expireClient } from './remove-client.ts';

export interface ExpirerDeps {
  writer: LeaderWriter;
  clock: Clock;
  log: Log;
  meters: Pick<ReplicaMeters, 'ran' | 'clientExpired'>;
}

/** How long it waits after a failure, such as of the store. */
const afterFailureMs = 1_000;

export class Expirer {
  readonly #deps: ExpirerDeps;

  constructor(deps: ExpirerDeps) {
    this.#deps = deps;
  }

  /** Follows the view while the term lasts. Nothing is counted: how long a client lives is the lease's business alone. */
  async run(term: AbortSignal): Promise<void> {
    const { writer, clock, meters } = this.#deps;
    const { state } = writer.deps;
    while (!term.aborted) {
      const changes = state.clientChanges;
      const hasFailed = await this.#expireAll(term);
      meters.ran('expiry', hasFailed ? 'failed' : 'ok');
      if (hasFailed) await clock.sleep(afterFailureMs, term).catch(() => undefined);
      else await this.#changed(changes, term);
    }
  }

  async #expireAll(term: AbortSignal): Promise<boolean> {
    const { writer, log, meters } = this.#deps;
    const { state } = writer.deps;
    let hasFailed = false;
    for (const name of state.lapsedClients()) {
      if (term.aborted) return false;
      // What fails for one client does not stop the others.
      await expireClient(writer, name).then(
        (isExpired) => isExpired && meters.clientExpired(),
        (error: unknown) => {
          hasFailed = true;
          log.warn({ name, code: toCatalogueError(error).code, cause: messageOf(error) }, 'client.not-expired');
        },
      );
    }
    return hasFailed;
  }

  /** Resolves when a client or a life is another than at `changes`, or the term ends; a store that goes back has other ones too. */
  async #changed(changes: number, term: AbortSignal): Promise<void> {
    const { state } = this.#deps.writer.deps;
    while (!term.aborted && state.clientChanges === changes) {
      // Rejects when the term ends.
      await state.changed(term).catch(() => undefined);
    }
  }
}
