/** A report about etcd's users and roles, as people read it. */
import type { AccessChange, AccessReport, Permission } from '@wgcni/store';
import { expect, it } from 'vitest';
import { showSetup, showStatus } from './show-access.ts';

const range = (type: Permission['type'], key: string, end: string): Permission => ({
  type,
  key: Buffer.from(key),
  end: Buffer.from(end),
});
const changes: AccessChange[] = [
  { kind: 'add-role', role: 'node.main' },
  {
    kind: 'grant-permission',
    role: 'node.main',
    permission: range('Read', '/wgcni/v1/main/mesh/', '/wgcni/v1/main/mesh0'),
  },
  { kind: 'revoke-permission', role: 'node.main', permission: range('Readwrite', '/a', '/c') },
  { kind: 'revoke-permission', role: 'node.main', permission: range('Write', '/one', '') },
  { kind: 'revoke-permission', role: 'node.main', permission: range('Read', '\0', '\x1b[2J\0') },
  { kind: 'add-user', user: 'node.main' },
  { kind: 'grant-role', user: 'node.main', role: 'node.main' },
  { kind: 'revoke-role', user: 'node.main', role: 'root' },
  { kind: 'remove-user', user: 'wgcni-setup.00' },
];
const report = (over: Partial<AccessReport>): AccessReport => ({
  isEnabled: true,
  changes: [],
  bypass: undefined,
  ...over,
});

it('says that nothing was changed, and that nothing is wrong', () => {
  expect(showSetup(report({}))).toEqual({
    value: { isEnabled: true, changes: [], bypass: null },
    text: 'auth is on, users and roles are as they should be: nothing was changed',
  });
  expect(showStatus(report({}))).toMatchObject({
    isFaulty: false,
    text: 'auth is on, users and roles are as they should be',
  });
});

it('tells each change once it is made', () => {
  expect(showSetup(report({ changes, isEnabled: false })).text.split('\n')).toEqual([
    'made the role node.main',
    'let the role node.main read /wgcni/v1/main/mesh/*',
    'took from the role node.main: read and write from /a to /c',
    'took from the role node.main: write /one',
    'took from the role node.main: read from "\\u0000" to "\\u001b[2J\\u0000"',
    'made the user node.main',
    'gave the user node.main the role node.main',
    'took from the user node.main the role root',
    'removed the user wgcni-setup.00, left by a setup that died',
    'switched auth on: etcd takes the common name of a certificate for its user from now on',
  ]);
});

it('tells what is missing and what is too much, and that it is faulty', () => {
  const { value, text, isFaulty } = showStatus(report({ changes, isEnabled: false }));
  expect([isFaulty, value.isEnabled, value.changes.length]).toEqual([true, false, changes.length + 1]);
  expect(text.split('\n').slice(0, 4)).toEqual([
    'auth is off: whoever reaches etcd may do anything',
    'the role node.main is missing',
    'the role node.main should be allowed just this: read /wgcni/v1/main/mesh/*',
    'the role node.main may read and write from /a to /c, which is too much',
  ]);
  expect(showStatus(report({ isEnabled: false })).isFaulty).toBe(true);
  expect(showStatus(report({ changes })).isFaulty).toBe(true);
});

it('warns of an etcd whose roles can be got round, which a setup cannot mend', () => {
  const shown = showStatus(report({ bypass: 'etcd 3.4.23 lets …' }));
  expect([shown.isFaulty, shown.text.split('\n')[1]]).toEqual([false, 'warning: etcd 3.4.23 lets …']);
  expect(showSetup(report({ bypass: 'etcd 3.4.23 lets …' })).value.bypass).toBe('etcd 3.4.23 lets …');
});
