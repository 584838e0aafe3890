/** PURE: what is, was or must be changed of etcd's users and roles, for people and as JSON. */
import type { AccessChange, AccessReport, Permission } from '@wgcni/store';

/** The report without bytes. */
export interface ShownAccess {
  /** Whether etcd asks who somebody is. */
  isEnabled: boolean;
  /** What was changed, or is to be: one line each. */
  changes: string[];
  /** What is known against the roles of this version of etcd. */
  bypass: string | null;
}

/** `done` tells of what was made, `missing` of what is not as it should be. */
function showChange(change: AccessChange, tense: 'done' | 'missing'): string {
  const did = tense === 'done';
  switch (change.kind) {
    case 'add-role':
      return did ? `made the role ${change.role}` : `the role ${change.role} is missing`;
    case 'grant-permission':
      return did
        ? `let the role ${change.role} ${rangeText(change.permission)}`
        : `the role ${change.role} should be allowed just this: ${rangeText(change.permission)}`;
    case 'revoke-permission':
      return did
        ? `took from the role ${change.role}: ${rangeText(change.permission)}`
        : `the role ${change.role} may ${rangeText(change.permission)}, which is too much`;
    case 'add-user':
      return did ? `made the user ${change.user}` : `the user ${change.user} is missing`;
    case 'grant-role':
      return did
        ? `gave the user ${change.user} the role ${change.role}`
        : `the user ${change.user} has not got the role ${change.role}`;
    case 'revoke-role':
      return did
        ? `took from the user ${change.user} the role ${change.role}`
        : `the user ${change.user} has the role ${change.role}, which is too much`;
    case 'remove-user':
      return did
        ? `removed the user ${change.user}, left by a setup that died`
        : `the user ${change.user} was left by a setup that died`;
  }
}

/** What a setup did. */
export function showSetup({ isEnabled, changes, bypass }: AccessReport): { value: ShownAccess; text: string } {
  const done = changes.map((change) => showChange(change, 'done'));
  if (!isEnabled) done.push('switched auth on: etcd takes the common name of a certificate for its user from now on');
  const text = done.length === 0 ? ['auth is on, users and roles are as they should be: nothing was changed'] : done;
  return { value: { isEnabled: true, changes: done, bypass: bypass ?? null }, text: lines(text, bypass) };
}

/** What was found, and whether all of it is as it should be. */
export function showStatus({ isEnabled, changes, bypass }: AccessReport): {
  value: ShownAccess;
  text: string;
  isFaulty: boolean;
} {
  const missing = changes.map((change) => showChange(change, 'missing'));
  if (!isEnabled) missing.unshift('auth is off: whoever reaches etcd may do anything');
  const text = missing.length === 0 ? ['auth is on, users and roles are as they should be'] : missing;
  return {
    value: { isEnabled, changes: missing, bypass: bypass ?? null },
    text: lines(text, bypass),
    isFaulty: missing.length > 0,
  };
}

function lines(text: readonly string[], bypass: string | undefined): string {
  return [...text, ...(bypass === undefined ? [] : [`warning: ${bypass}`])].join('\n');
}

/** A range that is a prefix is shown as one. */
function rangeText({ type, key, end }: Permission): string {
  const what = { Read: 'read', Write: 'write', Readwrite: 'read and write' }[type];
  const [from, to] = [printable(key), printable(end)];
  if (end.length === 0) return `${what} ${from}`;
  const isPrefix =
    end.length === key.length &&
    end.at(-1) === (key.at(-1) ?? 0) + 1 &&
    end.subarray(0, -1).equals(key.subarray(0, -1));
  return isPrefix ? `${what} ${from}*` : `${what} from ${from} to ${to}`;
}

/** Keys of others may hold any byte: none of them reaches a terminal. */
function printable(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text).replace(/[^\x20-\x7e]/g, '?');
}
