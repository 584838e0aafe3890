/** Which blocks a client routes into its interface: none by which its machine would lose its own network or the way to a node. */
import type { RouteState } from '@wgcni/iproute';
import { describe, expect, it } from 'vitest';
import { routesOf } from './routes-of.ts';

const route = (destination: string, more: Partial<RouteState> = {}): RouteState => ({
  family: destination.includes(':') ? 6 : 4,
  kind: 'unicast',
  device: 'eth0',
  metric: 100,
  protocol: 3,
  table: 254,
  destination,
  ...more,
});
/** A laptop at home. */
const home = [
  route('0.0.0.0/0', { via: '192.168.50.1' }),
  route('192.168.50.0/24', { protocol: 2 }),
  route('::/0', { via: 'fe80::1' }),
  route('2001:db8:5::/64', { protocol: 2 }),
];
const wantedOf = (
  blocks: string[],
  { routes = home, endpoints = ['203.0.113.1:51820', '[2001:db8::1]:51820'] } = {},
) => {
  const { wanted, skipped } = routesOf('wg0', [{ allowedIps: blocks }], endpoints, { routes });
  return [[...wanted], skipped.map(({ block, why }) => `${block}: ${why}`)];
};

describe('the routes of a client', () => {
  it('are the blocks of its peers, each once, but for default routes', () => {
    const blocks = ['10.64.0.0/12', '0.0.0.0/0', 'fd64::/48', '10.64.0.0/12', '::/0'];
    expect(wantedOf(blocks)).toEqual([['10.64.0.0/12', 'fd64::/48'], []]);
  });

  it.each<[string, string, string]>([
    ['the network at home', '192.168.50.0/24', 'this machine has a route to 192.168.50.0/24 by eth0'],
    ['a part of it', '192.168.50.128/25', 'this machine has a route to 192.168.50.0/24 by eth0'],
    ['the network at home, IPv6', '2001:db8:5::/64', 'this machine has a route to 2001:db8:5::/64 by eth0'],
    ['an endpoint', '203.0.113.0/24', 'it would take the way to the endpoint 203.0.113.1:51820, into the tunnel'],
    [
      'an endpoint, IPv6',
      '2001:db8::/48',
      'it would take the way to the endpoint [2001:db8::1]:51820, into the tunnel',
    ],
    [
      'half of everything, with an endpoint',
      '128.0.0.0/1',
      'it would take the way to the endpoint 203.0.113.1:51820, into the tunnel',
    ],
  ])('are not %s', (_, block, why) => {
    expect(wantedOf(['10.64.0.0/12', block])).toEqual([['10.64.0.0/12'], [`${block}: ${why}`]]);
  });

  it('are not the way to a next hop', () => {
    const routes = [route('10.1.0.0/16', { via: '172.20.0.1' })];
    expect(wantedOf(['172.20.0.0/24'], { routes })).toEqual([
      [],
      ['172.20.0.0/24: it would take the way to 172.20.0.1, the next hop to 10.1.0.0/16, into the tunnel'],
    ]);
  });

  it('are judged by what can be read: a way over a link with a zone is passed over', () => {
    const routes = [route('10.1.0.0/16', { via: 'fe80::1%eth0' })];
    expect(wantedOf(['fe80::/64'], { routes, endpoints: ['[fe80::2%eth0]:51820'] })).toEqual([['fe80::/64'], []]);
  });

  it('go past what a more specific route of the machine goes on to carry', () => {
    const endpoints = ['192.168.50.9:51820'];
    expect(wantedOf(['192.168.0.0/16'], { endpoints })).toEqual([['192.168.0.0/16'], []]);
  });

  it('may be inside what the machine sends to a gateway, like the block of another VPN', () => {
    const routes = [...home, route('10.0.0.0/8', { via: '192.168.50.2' })];
    expect(wantedOf(['10.64.0.0/12'], { routes })).toEqual([['10.64.0.0/12'], []]);
  });

  it('are not kept from the interface by its own routes', () => {
    const routes = [route('10.64.0.0/12', { device: 'wg0' }), route('10.66.0.0/24', { device: 'wg0', protocol: 2 })];
    expect(wantedOf(['10.64.0.0/12', '10.66.0.0/24'], { routes })).toEqual([['10.64.0.0/12', '10.66.0.0/24'], []]);
  });
});
