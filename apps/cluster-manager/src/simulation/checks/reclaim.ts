/** A node loses its subnets by silence only: after the whole hold-down, by true time, and never while most are silent. */
import type { GoneRecord } from '@wgcni/store';
import type { Ledger } from '../ledger.ts';
import type { Commit } from '../store-server.ts';
import type { Accuse } from './violation.ts';

export interface ReclaimTerms {
  holdDownMs: number;
  /** How much faster than true time the fastest clock of a leader goes. */
  fastestRate: number;
}

/** A leader may have looked so long before it wrote; by then it must have seen the mass silence. */
const staleLookMs = 15_000;

/** To be called before the ledger takes the commit in. */
export function checkReclaim(
  ledger: Ledger,
  { atMs, author }: Commit,
  tombstones: readonly GoneRecord[],
  { terms, accuse }: { terms: ReclaimTerms; accuse: Accuse },
): void {
  for (const { nodeId, why } of tombstones) {
    if (why !== 'reclaimed') continue;
    const silentMs = ledger.registrations.has(nodeId) ? 0 : atMs - (ledger.lastRegisteredMs.get(nodeId) ?? 0);
    if (silentMs * terms.fastestRate < terms.holdDownMs - 1) {
      const state = ledger.registrations.has(nodeId) ? 'registered' : `silent for ${Math.round(silentMs)} ms only`;
      accuse('no reclaim of the living', `${author} reclaimed ${nodeId}, which was ${state}`);
    }
    const massMs = ledger.massSilenceSinceMs === undefined ? 0 : atMs - ledger.massSilenceSinceMs;
    if (massMs > staleLookMs) {
      const what = `${author} reclaimed ${nodeId} while more than half of the nodes had been silent for ${Math.round(massMs)} ms`;
      accuse('no reclaim in mass silence', what);
    }
  }
}
