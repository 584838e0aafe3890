/** Takes a client in, or changes what it may: by the leader, in one transaction. */
import type { ClientInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { encodeRecord, writtenSchema, type ClientLifeRecord, type ClientRecord, type LeaseId } from '@wgcni/store';
import type { LeaderWriter, Try } from '../registry/leader-writer.ts';
import type { Kept } from '../state/table.ts';
import { planClient } from './plan-client.ts';

/**
 * Repeating it is safe; with a TTL the client's life begins anew each time, without a word of it the client's end stays as it is. Throws CatalogueError: what `planClient` throws, and `store.conflict`
 * when the client is gone again before it could be shown.
 */
export async function keepClient(writer: LeaderWriter, name: string, input: ClientInput): Promise<Kept<ClientRecord>> {
  const { state, log } = writer.deps;
  // Of tries whose answer was lost: a life under one of them is what was asked for.
  const ours = new Set<LeaseId>();
  const plan = (): Promise<Try<void>> => tryToKeep(writer, { name, input, ours });
  await writer.change(plan);
  const kept = state.clientOf(name);
  if (kept === undefined)
    throw new CatalogueError('store.conflict', `the client ${name} was removed meanwhile`, { remedy: 'try again' });
  log.info({ name, addresses: kept.record.addresses, via: kept.record.via }, 'client.kept');
  return kept;
}

async function tryToKeep(
  { deps: { state, store, clock } }: LeaderWriter,
  { name, input, ours }: { name: string; input: ClientInput; ours: Set<LeaseId> },
): Promise<Try<void>> {
  const { ttlSec = null } = input;
  const { compare, then, left } = planClient(state, name, input);
  const life = state.lifeOf(name)?.item.lease;
  const isLived = ttlSec === null || (life !== undefined && ours.has(life));
  if (then.length === 0 && isLived) return { result: undefined };
  // FENCE: what is compared was read before this waits: a change meanwhile makes the transaction fail.
  const lease = ttlSec === null ? undefined : await store.grantLease(ttlSec);
  if (lease === undefined || ttlSec === null)
    return { transaction: { compare, then }, leases: { granted: [], left }, result: undefined };
  ours.add(lease);
  const expiresAt = new Date(clock.wallMs() + ttlSec * 1_000).toISOString();
  const record: ClientLifeRecord = { schema: writtenSchema, name, ttlSec, expiresAt };
  then.push({ kind: 'put', key: state.keys.clientLife(name), value: encodeRecord(record), lease });
  return { transaction: { compare, then }, leases: { granted: [lease], left }, result: undefined };
}
