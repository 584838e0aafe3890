/** The calls by which etcd's users and roles are read and changed: thin, one by one, on one member. */
import { messageOf } from '@wgcni/base';
import type { Etcd3 } from 'etcd3';
import { wayBackPrefix, type Access, type AccessChange, type Permission } from './access.ts';

export type AuthClient = Etcd3['auth'];

/**
 * Whether etcd asks who somebody is. etcd before 3.5 has no call for it; but nobody without a name can be authenticated, and the reason
 * differs. Anybody may ask.
 */
export async function isAuthEnabled(auth: AuthClient): Promise<boolean> {
  try {
    await auth.authenticate({ name: '', password: '' });
    return true;
  } catch (error) {
    const text = messageOf(error);
    if (/authentication is not enabled/i.test(text)) return false;
    if (/authentication failed|user name/i.test(text)) return true;
    throw error;
  }
}

/** What etcd has of the names in `wanted`, and what a setup left. Who asks must be root once auth is on. */
export async function observeAccess(auth: AuthClient, wanted: Access): Promise<Access> {
  const present = { roles: (await auth.roleList()).roles, users: (await auth.userList()).users };
  const roles = new Map<string, Permission[]>();
  for (const role of present.roles.filter((name) => wanted.roles.has(name))) {
    const { perm } = await auth.roleGet({ role });
    roles.set(
      role,
      perm.map(({ permType, key, range_end }) => ({ type: permType, key, end: range_end })),
    );
  }
  const users = new Map<string, string[]>();
  for (const user of present.users.filter((name) => wanted.users.has(name) || name.startsWith(wayBackPrefix)))
    users.set(user, (await auth.userGet({ name: user })).roles);
  return { roles, users };
}

/** Makes one change. A user gets no password: only a certificate makes somebody that user. */
export async function makeChange(auth: AuthClient, change: AccessChange): Promise<void> {
  switch (change.kind) {
    case 'add-role':
      await auth.roleAdd({ name: change.role });
      return;
    case 'grant-permission': {
      const { type, key, end } = change.permission;
      await auth.roleGrantPermission({ name: change.role, perm: { permType: type, key, range_end: end } });
      return;
    }
    case 'revoke-permission': {
      const { key, end } = change.permission;
      await auth.roleRevokePermission({ role: change.role, key, range_end: end });
      return;
    }
    case 'add-user':
      await auth.userAdd({ name: change.user, options: { no_password: true } });
      return;
    case 'grant-role':
      await auth.userGrantRole({ user: change.user, role: change.role });
      return;
    case 'revoke-role':
      await auth.userRevokeRole({ name: change.user, role: change.role });
      return;
    case 'remove-user':
      await auth.userDelete({ name: change.user });
      return;
  }
}
