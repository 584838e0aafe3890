/** A manager speaks for whom it saw; everybody else speaks for themselves. */
import { type Identity, formatIdentity } from '@wgcni/pki';
import { describe, expect, it } from 'vitest';
import { callerOf } from './caller.ts';

const node: Identity = { kind: 'node', cluster: 'main', nodeId: 'n1' };
const admin: Identity = { kind: 'operator', cluster: 'main', role: 'admin', name: 'ann' };
const manager: Identity = { kind: 'manager', cluster: 'main', replicaId: 'm2' };
const forNode = { forwardedBy: 'm2', caller: formatIdentity(node) };

describe('the caller', () => {
  it('is who is at the other end, when nothing was forwarded', () => {
    for (const peer of [node, admin, manager])
      expect(callerOf(peer, { forwardedBy: undefined, caller: undefined })).toEqual({ identity: peer });
  });

  it('is whom the manager saw that forwards', () => {
    expect(callerOf(manager, forNode)).toEqual({ identity: node });
    expect(callerOf(manager, { forwardedBy: 'm2', caller: formatIdentity(admin) })).toEqual({ identity: admin });
  });

  it.each<[string, Identity, { forwardedBy?: string; caller?: string }]>([
    ['a node says that it forwards for itself', node, forNode],
    ['a node says that it is an admin', node, { caller: formatIdentity(admin) }],
    ['a node only marks its request', node, { forwardedBy: 'm2' }],
    ['an admin says that it forwards for a node', admin, forNode],
    ['a manager forwards under the name of another', manager, { ...forNode, forwardedBy: 'm1' }],
    ['a manager forwards under two names', manager, { ...forNode, forwardedBy: 'm2, m2' }],
    ['a manager does not say that it forwards', manager, { caller: formatIdentity(node) }],
    ['a manager names no caller', manager, { forwardedBy: 'm2' }],
    ['a manager names nobody', manager, { forwardedBy: 'm2', caller: 'anonymous@192.0.2.1' }],
    [
      'a manager names two callers',
      manager,
      { forwardedBy: 'm2', caller: `${formatIdentity(node)}, ${formatIdentity(admin)}` },
    ],
    ['a manager names a manager', manager, { forwardedBy: 'm2', caller: formatIdentity(manager) }],
    ['a manager names a node of another cluster', manager, { forwardedBy: 'm2', caller: 'wgcni://other/node/n1' }],
  ])('is nobody when %s', (_, peer, { forwardedBy, caller }) => {
    const found = callerOf(peer, { forwardedBy, caller });
    expect(found.identity).toBeUndefined();
    expect(found).toMatchObject({ why: expect.stringMatching(/\w/) as string });
  });
});
