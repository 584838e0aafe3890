/** Every change of what nodes hold or publish, and of clients, is written by who holds the leader key at that very revision. */
import type { Change } from '../ledger.ts';
import type { Commit } from '../store-server.ts';
import type { Accuse } from './violation.ts';

const clients = ['client', 'client-address', 'client-life'] as const;
const leaderOnly = new Set<Change['family']>(['subnet', 'node', 'registration', 'claim', 'gone', ...clients]);

export function checkAuthorship(
  { author }: Commit,
  changes: readonly Change[],
  leaderBefore: string | undefined,
  accuse: Accuse,
): void {
  // Leases that end take registrations, lives of clients and tombstones with them.
  if (author === 'expiry' || author === leaderBefore) return;
  const foreign = changes.filter(
    ({ family, after }) => leaderOnly.has(family) && !(after === undefined && isLeased(family)),
  );
  if (foreign.length === 0) return;
  const keys = foreign.map(({ key }) => key).join(', ');
  accuse('only the leader writes', `${author} wrote ${keys} while ${leaderBefore ?? 'nobody'} held the leader key`);
}

/** A revoked lease of a deleted node, or of a client's earlier life, takes its keys with it, whoever leads by then. */
function isLeased(family: Change['family']): boolean {
  return family === 'registration' || family === 'gone' || family === 'client-life';
}
