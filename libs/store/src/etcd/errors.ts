/** What an error of etcd's client says of a request: whether it can have been applied, and what it means to us. */
import { status } from '@grpc/grpc-js';

/** The connection was refused before a byte of the request was sent. */
const neverSent =
  /ECONNREFUSED|No connection established|Failed to connect|Name resolution failed|EHOSTUNREACH|ENETUNREACH/i;

/** Whether the request provably never reached a member, so that another may be asked without doubt. */
export function wasNeverSent(error: unknown): boolean {
  return neverSent.test(textOf(error));
}

/** Whether etcd answered that the lease does not exist. */
export function isLeaseGone(error: unknown): boolean {
  return /requested lease not found/i.test(textOf(error));
}

/** The revision named by "required revision has been compacted" answers, or undefined. */
export function isCompacted(error: unknown): boolean {
  return /required revision has been compacted/i.test(textOf(error));
}

/**
 * Whether etcd looked at who asks and said no: nothing was applied, and another member would say the same. A name without a user, no name at all,
 * and a right that is missing are all the same to whoever asks.
 */
export function isForbidden(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isForbidden);
  return /permission denied|user name not found|user not found|user name is empty|invalid auth token/i.test(
    textOf(error),
  );
}

/** Whether users or roles changed between the arrival of the request and its turn: it was not applied, and the same request may be allowed now. */
export function isOldAuthRevision(error: unknown): boolean {
  return /revision of auth store is old|revision in header is old/i.test(textOf(error));
}

/** Whether the store refused the request as malformed: repeating it is of no use. */
export function isRefused(error: unknown): boolean {
  const text = textOf(error);
  if (/duplicate key given|too many operations|key is not provided|request is too large/i.test(text)) return true;
  return codeOf(error) === status.INVALID_ARGUMENT && !isOldAuthRevision(error);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number'
    ? error.code
    : undefined;
}
