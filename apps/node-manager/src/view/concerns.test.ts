/** A change of the view wakes whoever works by what changed, and nobody else. */
import { describe, expect, it } from 'vitest';
import { type ClusterView, emptyView, type KnownClient, type KnownNode } from './cluster-view.ts';
import { concernsOf } from './concerns.ts';

const node: KnownNode = {
  nodeId: 'n2',
  publicKey: `${'B'.repeat(42)}A=`,
  endpoints: ['192.0.2.2:51820'],
  subnets: [{ cidr: '10.64.2.0/24', grantId: 'g2' }],
  modRevision: 7,
  state: 'present',
};
const view: ClusterView = {
  ...emptyView,
  revision: 7,
  network: {
    networkId: 'net',
    pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
    mtu: 1_420,
    keepaliveSec: 25,
    registrationTtlSec: 30,
    holdDownSec: 86_400,
  },
  nodes: [node],
  grants: [{ cidr: '10.64.1.0/24', grantId: 'g1' }],
  hasJoined: true,
};
const client: KnownClient = {
  ...{ name: 'laptop', publicKey: `${'E'.repeat(42)}A=`, addresses: ['10.80.0.5'], via: null, reachable: false },
  ...{ modRevision: 7, state: 'present' },
};
const network = view.network as NonNullable<ClusterView['network']>;

const rule = { name: 'web', from: ['any'], to: ['containers'], protocol: 'tcp' as const, ports: ['80'] };

describe('concernsOf', () => {
  it.each<[string, Partial<ClusterView>]>([
    ['a later revision', { revision: 8 }],
    ['a record that was written again as it was', { revision: 8, nodes: [{ ...node, modRevision: 8 }] }],
    ['a record that is missing without a cause', { nodes: [{ ...node, state: 'unaccounted' }] }],
    ['a drain', { isDraining: true }],
    ['a grant that is on its way back', { leaving: [{ cidr: '10.64.9.0/24', grantId: 'g9' }] }],
    ['another hold-down', { network: { ...network, holdDownSec: 60 } }],
  ])('wakes nobody for %s', (_, change) => {
    expect(concernsOf(view, { ...view, ...change })).toEqual([]);
  });

  it.each<[string, Partial<ClusterView>]>([
    ['another node', { nodes: [node, { ...node, nodeId: 'n3', publicKey: `${'C'.repeat(42)}A=` }] }],
    ['a subnet of another node', { nodes: [{ ...node, subnets: [] }] }],
    ['an endpoint', { nodes: [{ ...node, endpoints: ['192.0.2.3:51820'] }] }],
    ['a key', { nodes: [{ ...node, publicKey: `${'C'.repeat(42)}A=` }] }],
    ['a key that left', { departed: [`${'D'.repeat(42)}A=`] }],
    ['a client', { clients: [client] }],
  ])('wakes the mesh alone for %s', (_, change) => {
    expect(concernsOf(view, { ...view, ...change })).toEqual(['mesh']);
  });

  it.each<[string, Partial<ClusterView>]>([
    ['a grant of its own', { grants: [] }],
    ['a grant that cannot be used', { refused: [{ cidr: '10.64.1.0/24', why: 'the host has it' }] }],
    ['the MTU', { network: { ...network, mtu: 1_280 } }],
  ])('wakes the mesh and the pods for %s', (_, change) => {
    expect(concernsOf(view, { ...view, ...change })).toEqual(['mesh', 'pods']);
  });

  it('wakes the host alone for what leaves the cluster otherwise', () => {
    const masquerade = { mode: 'off' as const, except: [] };
    expect(concernsOf(view, { ...view, network: { ...network, masquerade } })).toEqual(['host']);
  });

  it('wakes the direct peers alone when they are switched on', () => {
    expect(concernsOf(view, { ...view, network: { ...network, direct: 'node' } })).toEqual(['direct']);
  });

  it.each<[string, Partial<ClusterView>]>([
    ['a rule', { network: { ...network, rules: [rule] } }],
    ['isolation', { network: { ...network, isolation: 'isolated' } }],
  ])('wakes the host alone for %s', (_, change) => {
    expect(concernsOf(view, { ...view, ...change })).toEqual(['host']);
  });

  it('wakes the host, too, for a client that containers may reach', () => {
    expect(concernsOf(view, { ...view, clients: [{ ...client, reachable: true }] })).toEqual(['mesh', 'host']);
  });

  it('wakes everybody for another pool, and for the first network', () => {
    const pools = [...network.pools, { cidr: '10.96.0.0/12', prefixLength: 24 }];
    expect(concernsOf(view, { ...view, network: { ...network, pools } })).toEqual(['mesh', 'pods', 'host']);
    expect(concernsOf(emptyView, view)).toEqual(['mesh', 'pods', 'host']);
    const clientPools = ['10.80.0.0/24'];
    expect(concernsOf(view, { ...view, network: { ...network, clientPools } })).toEqual(['mesh', 'pods', 'host']);
  });
});
