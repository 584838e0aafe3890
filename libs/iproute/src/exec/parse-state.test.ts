/** Reading `ip -json -details -Numeric`. */
import { describe, expect, it } from 'vitest';
import { parseState } from './parse-state.ts';

const lines = (links: object[], routes: object[]) => `${JSON.stringify(links)}\n${JSON.stringify(routes)}\n`;
const link = { ifindex: 3, ifname: 'eth0', flags: ['UP', 'LOWER_UP'], mtu: 1420 };

describe('parseState', () => {
  it('reads links with kind and alias, and addresses with scope', () => {
    const state = parseState(
      lines(
        [
          {
            ...link,
            ...{ ifalias: 'ours', linkinfo: { info_kind: 'wireguard' } },
            addr_info: [
              { family: 'inet', local: '10.64.0.9', prefixlen: 32, scope: '0' },
              { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: '253', tentative: true },
              { family: 'mctp', prefixlen: 8 },
            ],
          },
          {},
        ],
        [],
      ),
    );
    expect(state.links).toEqual([
      { index: 3, name: 'eth0', kind: 'wireguard', isUp: true, mtu: 1420, alias: 'ours', isLoopback: false },
    ]);
    const common = { linkIndex: 3, linkName: 'eth0' };
    expect(state.addresses).toEqual([
      { ...common, family: 4, address: '10.64.0.9', prefixLength: 32, scope: 'global', isTentative: false },
      { ...common, family: 6, address: 'fe80::1', prefixLength: 64, scope: 'link', isTentative: true },
    ]);
  });

  it('reads routes of both families, canonical, those of other tables apart and the local one not at all', () => {
    const state = parseState(
      lines(
        [],
        [
          { type: '1', dst: 'default', gateway: '192.0.2.254', dev: 'eth0', table: '254', protocol: '4', metric: 100 },
          { type: '1', dst: 'default', dev: 'eth0', table: '254', protocol: '9', metric: 1024, pref: 'medium' },
          { type: '7', dst: 'fd64::/48', dev: 'lo', table: '254', protocol: '87', metric: 4096, pref: 'medium' },
          { type: '1', dst: '10.1.2.3', dev: 'eth0', table: '254', protocol: '87', prefsrc: '10.64.0.1' },
          { type: '2', dst: '10.64.0.1', dev: 'eth0', table: '255', protocol: '2' },
          { type: '1', dst: 'default', dev: 'eth1', table: '100', protocol: '3' },
        ],
      ),
    );
    expect(state.policyRoutes).toMatchObject([{ destination: '0.0.0.0/0', device: 'eth1', table: 100 }]);
    expect(state.routes.map(({ family, destination, kind, metric }) => [family, destination, kind, metric])).toEqual([
      [4, '0.0.0.0/0', 'unicast', 100],
      [6, '::/0', 'unicast', 1024],
      [6, 'fd64::/48', 'unreachable', 4096],
      [4, '10.1.2.3/32', 'unicast', 0],
    ]);
    expect(state.routes[0]).toMatchObject({ via: '192.0.2.254', device: 'eth0', protocol: 4 });
    expect(state.routes[2]).not.toHaveProperty('device');
    expect(state.routes[3]).toMatchObject({ source: '10.64.0.1', protocol: 87, table: 254 });
  });

  it('takes the first hop of a route that has several, also over the other family', () => {
    const hop = { via: { host: 'fe80::2' }, dev: 'eth1' };
    const [route] = parseState(lines([], [{ dst: '10.0.0.0/8', nexthops: [hop, { dev: 'eth2' }] }])).routes;
    expect(route).toMatchObject({ via: 'fe80::2', device: 'eth1', family: 4, protocol: 0 });
  });

  it('is empty for no output, and says so when it is not JSON', () => {
    expect(parseState('')).toEqual({ links: [], addresses: [], routes: [], policyRoutes: [] });
    expect(() => parseState('Usage: ip')).toThrow('not JSON');
  });
});
