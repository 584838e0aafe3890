/** At every revision: a subnet goes from one holder to the next only through its rest, and node records and subnet keys say the same. */
import type { SubnetRecord } from '@wgcni/store';
import type { Change, Ledger } from '../ledger.ts';
import type { Commit } from '../store-server.ts';
import type { Accuse } from './violation.ts';

export interface OwnershipTerms {
  restMs: number;
  /** How much faster than true time the fastest clock of a leader goes. */
  fastestRate: number;
}

export class OwnershipCheck {
  readonly #terms: OwnershipTerms;
  readonly #accuse: Accuse;
  readonly #releasedMs = new Map<string, number>();

  constructor(terms: OwnershipTerms, accuse: Accuse) {
    this.#terms = terms;
    this.#accuse = accuse;
  }

  look(ledger: Ledger, { atMs, author }: Commit, changes: readonly Change[]): void {
    const touched = new Set<string>();
    for (const change of changes) {
      if (change.family === 'node') touched.add((change.before ?? change.after)?.nodeId ?? '');
      if (change.family !== 'subnet') continue;
      for (const record of [change.before, change.after]) if (record !== undefined) touched.add(record.nodeId);
      const wrong = wrongStep(change.before, change.after, ledger.isRecovering);
      if (wrong !== undefined) this.#accuse('one subnet, one holder', `${change.key}: ${wrong}, written by ${author}`);
      this.#rest(change, atMs);
    }
    for (const nodeId of touched) this.#agree(ledger, nodeId, author);
  }

  /** A store that was set back has another history. */
  forget(): void {
    this.#releasedMs.clear();
  }

  #rest({ key, before, after }: Extract<Change, { family: 'subnet' }>, atMs: number): void {
    if (after?.state === 'released') {
      if (before?.state !== 'released') this.#releasedMs.set(key, atMs);
      return;
    }
    const since = this.#releasedMs.get(key);
    this.#releasedMs.delete(key);
    if (after !== undefined || since === undefined) return;
    const restedMs = (atMs - since) * this.#terms.fastestRate;
    if (restedMs < this.#terms.restMs - 1)
      this.#accuse('one subnet, one holder', `${key} could be granted again after ${Math.round(restedMs)} ms of rest`);
  }

  #agree(ledger: Ledger, nodeId: string, author: string): void {
    const recorded = (ledger.nodes.get(nodeId)?.subnets ?? []).map(({ cidr, grantId }) => `${cidr} ${grantId}`);
    const held = ledger
      .subnetsOf(nodeId)
      .filter(({ state }) => state === 'held')
      .map(({ cidr, grantId }) => `${cidr} ${grantId}`);
    if (recorded.sort().join() === held.sort().join()) return;
    const what = `${nodeId}'s record says [${recorded.join(', ')}], the subnets' keys say [${held.join(', ')}], after a write by ${author}`;
    this.#accuse('records and keys agree', what);
  }
}

/** What must never happen to a subnet's key in one step, or undefined. */
function wrongStep(
  before: SubnetRecord | undefined,
  after: SubnetRecord | undefined,
  isRecovering: boolean,
): string | undefined {
  if (before === undefined)
    return after === undefined || after.state === 'held' ? undefined : `begins as ${after.state}`;
  if (after === undefined)
    return before.state === 'released' ? undefined : `went while ${before.state} by ${before.nodeId}`;
  // A claim tells of a grant that was made after this rest had ended, in the history that is lost (design §4.15).
  if (isRecovering && before.state === 'released' && after.state === 'held') return undefined;
  if (after.nodeId !== before.nodeId) return `went from ${before.nodeId} (${before.state}) to ${after.nodeId}`;
  if (after.grantId !== before.grantId) return `its grant changed while ${before.state} by ${before.nodeId}`;
  return undefined;
}
