/** PURE: whether a node may join by a token, and what that leaves in the store (decision 0007). */
import { timingSafeEqual } from 'node:crypto';
import { type AdmissionRecord, encodeRecord, type TokenRecord, type Transaction, writtenSchema } from '@wgcni/store';
import type { Kept } from '../state/table.ts';

export interface JoinAttempt {
  nodeId: string;
  /** SHA-256 of the secret that was shown. */
  hash: string;
  /** SHA-256 of the public key that is to be certified. */
  keyDigest: string;
}

/** What is there, each with the revision that a transaction compares. */
export interface JoinGround {
  keys: { token: string; admission: string; node: string };
  token: Kept<TokenRecord> | undefined;
  admission: Kept<AdmissionRecord> | undefined;
  /** Whether the store has lost history: who is missing from it may be there all the same. */
  isRecovering: boolean;
  /** Whether a record of that node stands in the mesh. */
  isNodeKnown: boolean;
}

export type JoinPlan =
  | { kind: 'refused'; why: string }
  /** The same key was admitted by the same token before: its answer was lost. */
  | { kind: 'admitted' }
  | { kind: 'commit'; transaction: Transaction };

export function planJoin({ nodeId, hash, keyDigest }: JoinAttempt, ground: JoinGround): JoinPlan {
  const { keys, token, admission, isNodeKnown, isRecovering } = ground;
  if (token === undefined || !isSecretOf(token.record, hash)) return refused('there is no such token');
  const { record, item } = token;
  if (record.nodeId !== null && record.nodeId !== nodeId) return refused(`it is for the node ${record.nodeId}`);
  const isUsedByIt = record.usedBy.includes(keyDigest);
  const isAdmitted = admission?.record.state === 'joined' && admission.record.keyDigest === keyDigest;
  if (isUsedByIt && isAdmitted) return { kind: 'admitted' };
  // A key that this token admitted once, and that was deleted or replaced since, does not come back by it.
  if (isUsedByIt) return refused('it was used for this key before, which was taken back since');
  if (record.usedBy.length >= record.uses) return refused('it is used up');
  // FENCE: a token for anybody is not one for somebody: it would be a way to become any node.
  if (record.nodeId === null && admission?.record.state === 'joined') return refused(`${nodeId} has joined already`);
  if (record.nodeId === null && isRecovering) return refused('the store has lost history, and it is for any node');
  if (record.nodeId === null && isNodeKnown && admission === undefined) return refused(`${nodeId} is a node already`);
  const used: TokenRecord = { ...record, usedBy: [...record.usedBy, keyDigest] };
  const admitted: AdmissionRecord = { schema: writtenSchema, nodeId, state: 'joined', keyDigest };
  return {
    kind: 'commit',
    transaction: {
      compare: [
        // FENCE: single use. Whoever else used it meanwhile has changed it.
        { key: keys.token, target: 'mod', equals: item.modRevision },
        // FENCE: a node that is deleted or joins otherwise meanwhile has changed this.
        { key: keys.admission, target: 'mod', equals: admission?.item.modRevision ?? 0 },
        ...(record.nodeId === null && !isNodeKnown ? [{ key: keys.node, target: 'create' as const, equals: 0 }] : []),
      ],
      then: [
        { kind: 'put', key: keys.token, value: encodeRecord(used, item), lease: item.lease },
        { kind: 'put', key: keys.admission, value: encodeRecord(admitted, admission?.item) },
      ],
    },
  };
}

/** Whether a hash is that of the token's secret. */
export function isSecretOf(token: TokenRecord | undefined, hash: string): boolean {
  return token !== undefined && isSameText(token.hash, hash);
}

function refused(why: string): JoinPlan {
  return { kind: 'refused', why };
}

function isSameText(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
