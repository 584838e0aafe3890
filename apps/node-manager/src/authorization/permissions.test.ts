/** The table, read as who may do what. */
import type { Identity, OperatorRole } from '@wgcni/pki';
import { describe, expect, it } from 'vitest';
import { mayDo, permissions } from './permissions.ts';

const person = (role: OperatorRole): Identity => ({ kind: 'operator', cluster: 'main', role, name: 'ann' });
const node: Identity = { kind: 'node', cluster: 'main', nodeId: 'n1' };
const manager: Identity = { kind: 'manager', cluster: 'main', replicaId: 'm1' };
const allowed = (caller: Identity): string[] => Object.keys(permissions).filter((each) => mayDo(caller, each));

const reads = [
  ...['listAttachments', 'getAttachment', 'joinPeers', 'listAddresses'],
  ...['getStatus', 'listEvents', 'getHealth', 'getReadiness', '/openapi.json'],
];
const operates = ['allocateAddress', 'releaseAddress', 'claimKey'];
const administers = ['attach', 'detach', 'answered', 'checkAttachment', 'collectAttachments'];

describe('what is allowed over TCP', () => {
  it.each([
    ['a person who reads', person('read'), reads],
    ['a person who operates', person('operate'), [...reads, ...operates]],
    ['a person who administers', person('admin'), [...reads, ...operates, ...administers]],
    ['a node, were it this one', node, []],
    ['a manager', manager, []],
  ])('to %s', (_, caller, operations) => {
    expect(allowed(caller).sort()).toEqual([...operations].sort());
  });

  it('to nobody is what the table does not name', () => {
    for (const operation of ['', 'toString', '__proto__', 'getstatus', 'newOperation'])
      for (const caller of [node, manager, person('admin')]) expect(mayDo(caller, operation)).toBe(false);
  });
});
