/** What of the host was right once and is mended again: chains, the policy's table and kernel switches that somebody else changed. */
import type { FirewallChain } from '@wgcni/iproute';
import { isDeepStrictEqual } from 'node:util';
import type { Repair } from '../repair/repair.ts';
import type { RepairBook } from '../repair/repair-book.ts';

export class HostRepairs {
  readonly #book: Pick<RepairBook, 'tell'>;
  #chains: readonly FirewallChain[] | undefined;
  /** Switches that were right when they were looked at last. */
  #right: ReadonlySet<string> = new Set();

  constructor(book: Pick<RepairBook, 'tell'>) {
    this.#book = book;
  }

  /** These chains are as wanted now, and these of them were not. Returns how many somebody else had changed. */
  chainsEnsured(wanted: readonly FirewallChain[], changed: readonly string[]): number {
    const isAsBefore = isDeepStrictEqual(this.#chains, wanted);
    this.#chains = wanted;
    if (!isAsBefore) return 0;
    const message = 'was flushed or changed, and is right again';
    const group = 'packet filter chains';
    this.#book.tell(
      changed.map((name): Repair => ({ kind: 'repair.chains-restored', subject: `chain ${name}`, group, message })),
    );
    return changed.length;
  }

  /** The table is as wanted now, and was not though the same was wanted before. */
  policyRestored(): void {
    const message = 'was flushed or changed, and is right again';
    const subject = 'table inet wgcni';
    this.#book.tell([{ kind: 'repair.policy-restored', subject, group: 'tables', message }]);
  }

  /** All of these are right now; the first were written, each with what was found. Returns how many somebody else had changed. */
  switchesEnsured(written: readonly { name: string; value: string; found: string }[], all: readonly string[]): number {
    const mended = written.filter(({ name }) => this.#right.has(name));
    this.#right = new Set(all);
    this.#book.tell(
      mended.map(({ name, value, found }): Repair => {
        const message = `was set to ${found}, and is ${value} again`;
        return { kind: 'repair.switch-restored', subject: `switch ${name}`, group: 'kernel switches', message };
      }),
    );
    return mended.length;
  }
}
