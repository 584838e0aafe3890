/** Join tokens: made and taken back by the leader, each bound to a lease of its life. */
import type { Token, TokenInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { encodeRecord, writtenSchema, type TokenRecord } from '@wgcni/store';
import type { Kept } from '../state/table.ts';
import type { LeaderWriter } from './leader-writer.ts';

/** Keeps the hash of a token under its id. Repeating it is safe; throws CatalogueError `token.exists` when the id stands for another one. */
export async function keepToken(writer: LeaderWriter, tokenId: string, input: TokenInput): Promise<Kept<TokenRecord>> {
  const { state, store, clock } = writer.deps;
  const key = state.keys.token(tokenId);
  await writer.change<void>(async () => {
    if (state.tokens.get(key) !== undefined) return { result: refuseOther(state.tokens.get(key)?.record, input) };
    const { hash, nodeId, ttlSec, uses } = input;
    const expiresAt = new Date(clock.wallMs() + ttlSec * 1_000).toISOString();
    const record: TokenRecord = { schema: writtenSchema, tokenId, hash, nodeId, uses, usedBy: [], expiresAt };
    const lease = await store.grantLease(ttlSec);
    return {
      transaction: {
        compare: [{ key, target: 'create', equals: 0 }],
        then: [{ kind: 'put', key, value: encodeRecord(record), lease }],
      },
      leases: { granted: [lease], left: [] },
      result: undefined,
    };
  });
  const kept = state.tokens.get(key);
  if (kept !== undefined) return kept;
  throw new CatalogueError('store.conflict', `the token ${tokenId} was taken back meanwhile`, {
    remedy: 'make another',
  });
}

/** Takes a token back: nobody joins by it any more. One that is not there is fine. */
export function revokeToken(writer: LeaderWriter, tokenId: string): Promise<void> {
  const { state } = writer.deps;
  return writer.change<void>(async () => {
    const token = state.tokens.get(state.keys.token(tokenId));
    if (token === undefined) return { result: undefined };
    const { key, modRevision, lease } = token.item;
    return {
      transaction: { compare: [{ key, target: 'mod', equals: modRevision }], then: [{ kind: 'delete', key }] },
      leases: { granted: [], left: [lease] },
      result: undefined,
    };
  });
}

/** A token as people see it: not even its hash. */
export function showToken({ record, item }: Kept<TokenRecord>, authority: string | null): Token {
  const { tokenId, nodeId, uses, usedBy, expiresAt } = record;
  return { tokenId, nodeId, uses, used: usedBy.length, expiresAt, authority, revision: item.modRevision };
}

function refuseOther(record: TokenRecord | undefined, { hash, nodeId, uses }: TokenInput): void {
  if (record?.hash === hash && record.nodeId === nodeId && record.uses === uses) return;
  throw new CatalogueError('token.exists', 'another token has this id', {
    field: 'tokenId',
    remedy: 'draw another id',
  });
}
