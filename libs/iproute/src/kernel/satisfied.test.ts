/** When a step is already true. */
import { describe, expect, it } from 'vitest';
import { routeProtocol, type KernelChange, type KernelState, type RouteState } from '../port.ts';
import { isSatisfied, metricOf } from './satisfied.ts';

const route: RouteState = {
  ...{ family: 4, destination: '10.64.1.0/24', kind: 'unicast', device: 'eth0', via: '192.0.2.1', source: '10.64.0.1' },
  ...{ metric: 0, protocol: routeProtocol, table: 254 },
};
const state: KernelState = {
  links: [{ index: 2, name: 'eth0', kind: 'veth', isUp: true, mtu: 1420, alias: 'ours', isLoopback: false }],
  addresses: [
    {
      ...{ linkIndex: 2, linkName: 'eth0', family: 4, address: '10.64.0.1', prefixLength: 32 },
      ...{ scope: 'global', isTentative: false },
    },
  ],
  routes: [route],
  policyRoutes: [],
};
const input = { destination: '10.64.1.0/24', kind: 'unicast', device: 'eth0', via: '192.0.2.1' } as const;
const address = { link: 'eth0', address: '10.64.0.1', prefixLength: 32 };

describe('isSatisfied', () => {
  it.each<[string, KernelChange]>([
    ['a link as wanted', { kind: 'set-link', name: 'eth0', isUp: true, mtu: 1420, alias: 'ours' }],
    ['a link of which nothing is wanted', { kind: 'set-link', name: 'eth0' }],
    ['a link that is gone', { kind: 'remove-link', name: 'eth1' }],
    ['a link renamed before', { kind: 'rename-link', name: 'eth1', to: 'eth0' }],
    ['an address that is there', { kind: 'set-address', ...address }],
    ['an address that is gone', { kind: 'remove-address', ...address, prefixLength: 24 }],
    ['a route that is there', { kind: 'set-route', route: { ...input, source: '10.64.0.1' } }],
    ['a route that is gone', { kind: 'remove-route', route: { ...input, metric: 9 } }],
    ['a route to be removed of another gateway', { kind: 'remove-route', route: { ...input, via: '192.0.2.2' } }],
  ])('is true for %s', (_, change) => {
    expect(isSatisfied(change, state)).toBe(true);
  });

  it.each<[string, KernelChange]>([
    ['a link that is up and should be down', { kind: 'set-link', name: 'eth0', isUp: false }],
    ['a link of another MTU', { kind: 'set-link', name: 'eth0', mtu: 1380 }],
    ['a link of another alias', { kind: 'set-link', name: 'eth0', alias: '' }],
    ['a link that is missing', { kind: 'set-link', name: 'eth1' }],
    ['a link to be removed', { kind: 'remove-link', name: 'eth0' }],
    ['a link to be renamed', { kind: 'rename-link', name: 'eth0', to: 'eth1' }],
    ['a link that has neither name', { kind: 'rename-link', name: 'eth1', to: 'eth2' }],
    ['an address on another link', { kind: 'set-address', ...address, link: 'eth1' }],
    ['an address to be removed', { kind: 'remove-address', ...address }],
    ['a route of another source', { kind: 'set-route', route: { ...input, source: '10.64.0.2' } }],
    ['a route without its source', { kind: 'set-route', route: input }],
    ['a route of another kind', { kind: 'set-route', route: { destination: '10.64.1.0/24', kind: 'unreachable' } }],
    ['a route of another device', { kind: 'set-route', route: { ...input, device: 'eth1' } }],
    ['a route to be removed', { kind: 'remove-route', route: { destination: '10.64.1.0/24', kind: 'unicast' } }],
  ])('is false for %s', (_, change) => {
    expect(isSatisfied(change, state)).toBe(false);
  });

  it("does not take someone else's route for ours", () => {
    const foreign = { ...state, routes: [{ ...route, protocol: 4 }] };
    expect(isSatisfied({ kind: 'set-route', route: { ...input, source: '10.64.0.1' } }, foreign)).toBe(false);
    expect(isSatisfied({ kind: 'remove-route', route: input }, foreign)).toBe(true);
  });
});

describe('metricOf', () => {
  it("is the kernel's own when none is named", () => {
    expect(metricOf({ destination: '10.0.0.0/8', kind: 'unicast' })).toBe(0);
    expect(metricOf({ destination: '::/0', kind: 'unicast' })).toBe(1024);
    expect(metricOf({ destination: '::/0', kind: 'unicast', metric: 5 })).toBe(5);
  });
});
