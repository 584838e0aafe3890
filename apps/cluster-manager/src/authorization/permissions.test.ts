/** The table, read as who may do what to whom. */
import type { Identity } from '@wgcni/pki';
import { describe, expect, it } from 'vitest';
import { mayDo, permissions } from './permissions.ts';

const node: Identity = { kind: 'node', cluster: 'main', nodeId: 'n1' };
const manager: Identity = { kind: 'manager', cluster: 'main', replicaId: 'm1' };
const person = (role: 'read' | 'operate' | 'admin'): Identity => ({
  kind: 'operator',
  cluster: 'main',
  role,
  name: 'ann',
});
const allowed = (caller: Identity, nodeId?: string): string[] =>
  Object.keys(permissions).filter((operation) => mayDo(caller, operation, nodeId));

const reads = [
  ...['getNetwork', 'listPools', 'listRules', 'listRoutes', 'listSubnets', 'listNodes', 'getNode', 'listPeers'],
  ...['getLeader', 'listReplicas', 'getHealth', 'getReadiness', '/openapi.json'],
];
const oversees = [
  'listTokens',
  'listClients',
  'getClient',
  'getClientConfig',
  'getReport',
  'listReports',
  'getOverview',
  'listEvents',
  '/ui/',
];
const forItself = [
  'registerNode',
  'renewRegistration',
  'releaseGrants',
  'putContainers',
  'renewCertificate',
  'putReport',
];
const operates = ['drainNode', 'undrainNode', 'putClient', 'deleteClient'];
const administers = [
  ...['putNetwork', 'patchNetwork', 'putPool', 'putRule', 'deleteRule', 'putRoute', 'deleteRoute'],
  ...['deleteNode', 'forgetNode', 'admitNode', 'putToken', 'deleteToken'],
];

describe('what is allowed', () => {
  it.each([
    ['a node, to its own record', node, 'n1', [...reads, ...forItself]],
    ["a node, to another's record", node, 'n2', reads],
    ['a node, to a record whose name differs in case', node, 'N1', reads],
    ['a node, to no record', node, undefined, reads],
    ['a person who reads', person('read'), 'n1', [...reads, ...oversees]],
    ['a person who operates', person('operate'), 'n1', [...reads, ...oversees, ...operates]],
    ['a person who administers', person('admin'), 'n1', [...reads, ...oversees, ...operates, ...administers]],
    ['a manager, of its own', manager, 'n1', []],
  ])('to %s', (_, caller, nodeId, operations) => {
    expect(allowed(caller, nodeId).sort()).toEqual([...operations].sort());
  });

  it('to nobody is what the table does not name', () => {
    for (const operation of ['', 'toString', '__proto__', 'getnetwork', 'newOperation'])
      for (const caller of [node, manager, person('admin')]) expect(mayDo(caller, operation, 'n1')).toBe(false);
  });
});
