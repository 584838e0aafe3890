/** Each way in which a node can differ from etcd's records is told. */
import type { NodeRecord } from '@wgcni/store';
import { describe, expect, it } from 'vitest';
import { differencesOf, type Observed } from './agreement.ts';

const record = (nodeId: string, cidr: string): NodeRecord => ({
  ...{ schema: 1, nodeId, publicKey: `key-${nodeId}`, endpoints: [], draining: false },
  subnets: [{ cidr, grantId: 'g' }],
});
const records = [record('n1', '10.1.0.0/24'), record('n2', '10.2.0.0/24')];
const right: Observed = {
  status: {
    ...{ nodeId: 'n1', isRegistered: true, isViewStored: false, readiness: 'ready' },
    ...{ drift: [], quarantined: [], subnets: ['10.1.0.0/24'], peers: [] },
  },
  peers: new Map([['key-n2', ['10.2.0.0/24']]]),
  routes: ['10.2.0.0/24'],
};
const kept = (publicKey: string, cidr: string) => {
  return { publicKey, state: 'unaccounted' as const, allowedIps: [cidr], unaccounted: [cidr] };
};

describe('a node', () => {
  it('agrees when peers, routes, subnets and registration are as recorded', () => {
    expect(differencesOf(records, right)).toEqual([]);
  });

  it('may keep what it shows as unaccounted', () => {
    const peers = new Map([...right.peers, ['key-x', ['10.9.0.0/24']]]);
    const observed = { ...right, peers, routes: [...right.routes, '10.9.0.0/24'] };
    const stranger = kept('key-x', '10.9.0.0/24');
    expect(differencesOf(records, observed)).toHaveLength(2);
    expect(differencesOf(records, { ...observed, status: { ...right.status, peers: [stranger] } })).toEqual([]);
  });

  it('may keep what it knows to be newer than the store that was set back, and shows that', () => {
    const peers = new Map([['key-n2', ['10.8.0.0/24']]]);
    const newer = kept('key-n2', '10.8.0.0/24');
    const observed = { ...right, peers, routes: ['10.8.0.0/24'] };
    expect(differencesOf(records, observed)).not.toEqual([]);
    expect(differencesOf(records, { ...observed, status: { ...right.status, peers: [newer] } })).toEqual([]);
  });

  it('may keep a subnet that a record names no more and that it shows, and has what the record does name', () => {
    const cidrs = ['10.2.0.0/24', '10.8.0.0/24'];
    const peer = { ...kept('key-n2', '10.8.0.0/24'), state: 'programmed' as const, allowedIps: cidrs };
    const status = { ...right.status, peers: [peer] };
    const both = { status, peers: new Map([['key-n2', cidrs]]), routes: cidrs };
    expect(differencesOf(records, both)).toEqual([]);
    expect(differencesOf(records, { ...both, status: right.status })).toHaveLength(2);
    const lost = { ...both, peers: new Map([['key-n2', ['10.8.0.0/24']]]), routes: ['10.8.0.0/24'] };
    expect(differencesOf(records, lost)).toEqual([
      'n1 allows key-n2 10.8.0.0/24 instead of 10.2.0.0/24, 10.8.0.0/24',
      'n1 lacks the route to 10.2.0.0/24',
    ]);
  });

  it.each<[string, Partial<Observed>, string]>([
    ['a lost peer', { peers: new Map() }, 'n1 lacks the peer key-n2'],
    ['other allowed IPs', { peers: new Map([['key-n2', ['10.3.0.0/24']]]) }, 'n1 allows key-n2 10.3.0.0/24 instead'],
    ['a lost route', { routes: [] }, 'n1 lacks the route to 10.2.0.0/24'],
    ['a stray route', { routes: ['10.2.0.0/24', '10.7.0.0/24'] }, 'n1 has a route to 10.7.0.0/24'],
    ['no registration', { status: { ...right.status, isRegistered: false } }, 'n1 is not registered'],
    ['a stored view', { status: { ...right.status, isViewStored: true } }, 'n1 works from its stored view'],
    ['a node that is not ready', { status: { ...right.status, readiness: 'fenced' } }, 'n1 is fenced'],
    ['drift', { status: { ...right.status, drift: ['x'] } }, 'n1 says: x'],
    ['other subnets', { status: { ...right.status, subnets: [] } }, 'n1 has subnets , recorded are 10.1.0.0/24'],
  ])('tells of %s', (_, change, words) => {
    expect(differencesOf(records, { ...right, ...change }).join()).toContain(words);
  });
});
