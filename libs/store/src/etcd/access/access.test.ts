/** What users and roles should be, and how whatever is there becomes that: by the least change, touching nobody else's. */
import { describe, expect, it } from 'vitest';
import { planAccess, wantedAccess, type Access, type AccessChange, type Permission } from './access.ts';

const users = { cluster: 'main', manager: 'manager.main', node: 'node.main' };
const wanted = wantedAccess(users);
const range = (type: Permission['type'], key: string, end: string): Permission => ({
  type,
  key: Buffer.from(key),
  end: Buffer.from(end),
});
const all = range('Readwrite', '/wgcni/v1/main/', '/wgcni/v1/main0');
const mesh = range('Read', '/wgcni/v1/main/mesh/', '/wgcni/v1/main/mesh0');
const nothing: Access = { roles: new Map(), users: new Map() };

/** What is wanted, with some of it otherwise. */
function but(roles: Record<string, Permission[]>, names: Record<string, string[]> = {}): Access {
  return {
    roles: new Map([...wanted.roles, ...Object.entries(roles)]),
    users: new Map([...wanted.users, ...Object.entries(names)]),
  };
}

/** What a list of changes leaves of an access, as etcd does it: a grant on the same keys replaces the type. */
function after(access: Access, changes: readonly AccessChange[]): Access {
  const roles = new Map([...access.roles].map(([name, permissions]) => [name, [...permissions]]));
  const names = new Map([...access.users].map(([name, held]) => [name, [...held]]));
  const isOf = (one: Permission) => (each: Permission) => each.key.equals(one.key) && each.end.equals(one.end);
  for (const change of changes) {
    if (change.kind === 'add-role') roles.set(change.role, []);
    else if (change.kind === 'add-user') names.set(change.user, []);
    else if (change.kind === 'remove-user') names.delete(change.user);
    else if (change.kind === 'grant-role') names.get(change.user)?.push(change.role);
    else if (change.kind === 'revoke-role')
      names.set(change.user, names.get(change.user)?.filter((role) => role !== change.role) ?? []);
    else {
      const others = roles.get(change.role)?.filter((each) => !isOf(change.permission)(each)) ?? [];
      roles.set(change.role, change.kind === 'grant-permission' ? [...others, change.permission] : others);
    }
  }
  return { roles, users: names };
}

describe('what should be', () => {
  it('is a manager who reads and writes all of its cluster, a node that reads what is for nodes, and root', () => {
    expect(wanted.roles).toEqual(
      new Map([
        ['root', []],
        ['manager.main', [all]],
        ['node.main', [mesh]],
      ]),
    );
    expect(wanted.users).toEqual(
      new Map([
        ['root', ['root']],
        ['manager.main', ['manager.main']],
        ['node.main', ['node.main']],
      ]),
    );
  });

  it('gives a cluster nothing of another whose name begins with its own', () => {
    const [permission] = wanted.roles.get('manager.main') ?? [];
    const other = Buffer.from('/wgcni/v1/main-2/mesh/network');
    expect(permission && permission.key.compare(other) <= 0 && other.compare(permission.end) < 0).toBe(false);
  });
});

describe('the way there', () => {
  it('is nothing where everything is as it should be', () => {
    expect(planAccess(wanted, wanted)).toEqual([]);
  });

  it.each<[string, Access]>([
    ['an etcd without users', nothing],
    [
      'what a setup left half-done: a role without permission, a user without role',
      but({ 'node.main': [] }, { 'manager.main': [] }),
    ],
    ['a role that may write what it should only read', but({ 'node.main': [{ ...mesh, type: 'Readwrite' }] })],
    ['a role that may read more', but({ 'node.main': [mesh, range('Read', '/', '0'), range('Read', '\0', '\0')] })],
    ['a role on one key instead of a prefix', but({ 'manager.main': [range('Readwrite', '/wgcni/v1/main/', '')] })],
    ['a user of ours with more roles', but({}, { 'node.main': ['node.main', 'manager.main', 'root'] })],
    ['a user of ours with another role', but({}, { 'manager.main': ['operators'] })],
    ['the way back of a setup that died', but({}, { 'wgcni-setup.0123': ['root'] })],
  ])('leads from %s to what should be', (_, observed) => {
    const changes = planAccess(wanted, observed);
    expect(changes).not.toEqual([]);
    expect(after(observed, changes)).toEqual(wanted);
    expect(planAccess(wanted, after(observed, changes))).toEqual([]);
  });

  it('replaces a type by one grant, and grants before it revokes', () => {
    expect(planAccess(wanted, but({ 'node.main': [{ ...mesh, type: 'Write' }] }))).toEqual([
      { kind: 'grant-permission', role: 'node.main', permission: mesh },
    ]);
    const moved = planAccess(wanted, but({ 'manager.main': [range('Readwrite', '/old/', '/old0')] }));
    expect(moved.map(({ kind }) => kind)).toEqual(['grant-permission', 'revoke-permission']);
  });

  it("leaves root's other roles, and users and roles of others, as they are", () => {
    const others = { roles: { backup: [range('Read', '/', '0')] }, users: { 'manager.other': ['x'], ann: ['root'] } };
    expect(planAccess(wanted, but(others.roles, { ...others.users, root: ['root', 'backup'] }))).toEqual([]);
    expect(planAccess(wanted, but({ root: [range('Read', '/', '0')] }))).toEqual([]);
  });
});
