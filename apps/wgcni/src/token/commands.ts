/** `wgcni token`: makes join tokens here, and has the cluster keep their hashes. */
import { parseDuration } from '@wgcni/api';
import { CatalogueError, systemRandom } from '@wgcni/base';
import { drawToken, formatToken, tokenHash } from '@wgcni/pki';
import type { Answer } from '../answer.ts';
import { table } from '../table.ts';
import { withManager, type Targets } from '../targets.ts';

export interface TokenFlags {
  node?: string;
  ttl: string;
  uses: string;
}

/** Prints the one word, and nothing else: it is shown this once. */
export async function create(targets: Targets, { node, ttl, uses }: TokenFlags): Promise<Answer> {
  const ttlMs = parseDuration(ttl);
  if (ttlMs === undefined || ttlMs < 60_000)
    throw refuse('--ttl', `"${ttl}" is not a duration of at least a minute`, 'write it like 1h or 2d');
  if (!/^[1-9][0-9]{0,3}$/.test(uses)) throw refuse('--uses', `"${uses}" is no number`, 'use a number from 1 to 1000');
  const drawn = drawToken('', systemRandom);
  const input = { hash: tokenHash(drawn.secret), nodeId: node ?? null, ttlSec: ttlMs / 1_000, uses: Number(uses) };
  const kept = await withManager(targets, (client) => client.putToken(drawn.id, input));
  if (kept.authority === null)
    throw new CatalogueError('authority.absent', 'the cluster-managers issue no certificates', {
      remedy: 'start them with --authority-cert and --authority-key',
    });
  const word = formatToken({ ...drawn, authority: kept.authority }).reveal();
  return { value: { ...kept, token: word }, text: word };
}

export async function list(targets: Targets): Promise<Answer> {
  const { items } = await withManager(targets, (client) => client.tokens());
  const rows = items.map(({ tokenId, nodeId, uses, used, expiresAt }) => [
    ...[tokenId, nodeId ?? 'any new one', `${used} of ${uses}`, expiresAt],
  ]);
  return { value: items, text: table(['token', 'node', 'used', 'ends'], rows) };
}

export async function revoke(targets: Targets, tokenId: string): Promise<Answer> {
  await withManager(targets, (client) => client.deleteToken(tokenId));
  return { value: { tokenId }, text: `nobody joins by ${tokenId} any more` };
}

function refuse(field: string, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', `${field} ${message}`, { field, remedy });
}
