/** PURE: which users and roles a cluster's etcd should have, and what changes make it so (decision 0007). */
import { keysOf } from '../../keys.ts';
import { prefixEnd } from '../wire.ts';

/** The users that etcd takes the certificates of a cluster for: their common names. Each has one role, of the same name. */
export interface ClusterUsers {
  cluster: string;
  manager: string;
  node: string;
}

/** etcd's own name for who may do everything. */
export const rootName = 'root';

/** Users that a setup made for its own way back, see `enable-auth.ts`; one that stands there was left by a setup that died. */
export const wayBackPrefix = 'wgcni-setup.';

/** A right on the keys from `key` up to, not including, `end`. */
export interface Permission {
  type: 'Read' | 'Write' | 'Readwrite';
  key: Buffer;
  end: Buffer;
}

/** What stands in etcd, or should: roles with what they may do, users with their roles. */
export interface Access {
  roles: ReadonlyMap<string, readonly Permission[]>;
  users: ReadonlyMap<string, readonly string[]>;
}

export type AccessChange =
  | { kind: 'add-role'; role: string }
  | { kind: 'grant-permission'; role: string; permission: Permission }
  | { kind: 'revoke-permission'; role: string; permission: Permission }
  | { kind: 'add-user'; user: string }
  | { kind: 'grant-role'; user: string; role: string }
  | { kind: 'revoke-role'; user: string; role: string }
  | { kind: 'remove-user'; user: string };

/** A manager reads and writes all of its cluster, a node reads what is for nodes. Root needs no permission: etcd asks for none. */
export function wantedAccess({ cluster, manager, node }: ClusterUsers): Access {
  const { root, mesh } = keysOf(cluster);
  return {
    roles: new Map([
      [rootName, []],
      [manager, [{ type: 'Readwrite', ...keysUnder(root) }]],
      [node, [{ type: 'Read', ...keysUnder(mesh) }]],
    ]),
    users: new Map([rootName, manager, node].map((name) => [name, [name]])),
  };
}

/**
 * What makes `observed` equal to `wanted`, in an order in which nobody loses for a moment what they keep. Only names in `wanted` are touched, and
 * what a setup left. What our own roles and users have beyond it is taken away; of root nothing, since it may do everything anyhow.
 */
export function planAccess(wanted: Access, observed: Access): AccessChange[] {
  const roles = [...wanted.roles].flatMap(([role, permissions]) =>
    planRole(role, permissions, observed.roles.get(role)),
  );
  const users = [...wanted.users].flatMap(([user, names]) => planUser(user, names, observed.users.get(user)));
  const left = [...observed.users.keys()]
    .filter((user) => user.startsWith(wayBackPrefix))
    .map((user) => ({ kind: 'remove-user' as const, user }));
  return [...roles, ...users, ...left];
}

function planRole(
  role: string,
  wanted: readonly Permission[],
  observed: readonly Permission[] | undefined,
): AccessChange[] {
  const present = observed ?? [];
  // A grant on the very same keys replaces the type.
  const granted = wanted
    .filter((permission) => !present.some((each) => isSameRange(each, permission) && each.type === permission.type))
    .map((permission) => ({ kind: 'grant-permission' as const, role, permission }));
  const revoked = present
    .filter((permission) => role !== rootName && !wanted.some((each) => isSameRange(each, permission)))
    .map((permission) => ({ kind: 'revoke-permission' as const, role, permission }));
  return [...(observed === undefined ? [{ kind: 'add-role' as const, role }] : []), ...granted, ...revoked];
}

function planUser(user: string, wanted: readonly string[], observed: readonly string[] | undefined): AccessChange[] {
  const present = observed ?? [];
  const granted = wanted
    .filter((role) => !present.includes(role))
    .map((role) => ({ kind: 'grant-role' as const, user, role }));
  const revoked = present
    .filter((role) => user !== rootName && !wanted.includes(role))
    .map((role) => ({ kind: 'revoke-role' as const, user, role }));
  return [...(observed === undefined ? [{ kind: 'add-user' as const, user }] : []), ...granted, ...revoked];
}

function isSameRange(one: Permission, other: Permission): boolean {
  return one.key.equals(other.key) && one.end.equals(other.end);
}

function keysUnder(prefix: string): { key: Buffer; end: Buffer } {
  return { key: Buffer.from(prefix), end: prefixEnd(prefix) };
}
