/** What attachments that are gone had, and nobody gets yet: somebody on this node may still send past it to the device that is gone. */
import type { Clock } from '@wgcni/base';
import { formatAddress, tryParseAddress } from '@wgcni/ipam';
import type { GivenAddress } from './address-ledger.ts';

/** So long an ADD waits for an address that it asks for by name: milliseconds with devices that answer, four seconds where other nodes had to be told. */
export const patienceMs = 6_000;

interface Held {
  given: GivenAddress;
  until: Promise<void>;
}

/** At most one entry for each address of the node's subnets; nothing of it outlives the process. */
export class HeldBack {
  readonly #held = new Map<string, Held>();

  /** Holds addresses back until `until` resolves, then calls `free`. */
  add(addresses: readonly GivenAddress[], until: Promise<void>, free: () => void): void {
    for (const given of addresses) this.#held.set(given.address, { given, until });
    void until.then(() => {
      for (const { address } of addresses) this.#held.delete(address);
      free();
    });
  }

  /** Taken, as what an attachment has is. */
  all(): GivenAddress[] {
    return [...this.#held.values()].map(({ given }) => given);
  }

  /** Resolves when none of `requested` is held back any more, at the latest after some seconds or when the signal aborts. */
  async awaitFree(requested: readonly string[], clock: Clock, signal?: AbortSignal): Promise<void> {
    const waits = requested.flatMap((text) => this.#held.get(bare(text))?.until ?? []);
    if (waits.length === 0) return;
    const ended = new AbortController();
    const isOver = clock
      .sleep(patienceMs, AbortSignal.any([ended.signal, ...(signal === undefined ? [] : [signal])]))
      .catch(() => undefined);
    await Promise.race([isOver, Promise.all(waits)]);
    ended.abort();
  }
}

/** Canonical text without the prefix length that runtimes write. */
function bare(text: string): string {
  const [head = ''] = text.split('/');
  const address = tryParseAddress(head);
  return address === undefined ? head : formatAddress(address);
}
