/** Results: our own, merged after another plugin's, checked, and printed in each of the seven versions. */
import { describe, expect, it } from 'vitest';
import { dnsOf } from './dns.ts';
import { listedBy, parsePreviousResult } from './previous-result.ts';
import { findFlaws } from './result-check.ts';
import { formatResult } from './result-form.ts';
import { emptyResult, mergeResults, resultOf, type CniResult } from './result.ts';
import { cniVersions } from './version.ts';

const netns = '/proc/self/fd/../ns/net';
const attached = {
  addresses: [
    { address: '10.64.3.2/32', gateway: '10.64.3.1' },
    { address: 'fd64:0:0:3::2/128', gateway: 'fd64:0:0:3::1' },
  ],
  mtu: 1420,
};
const own = { ...resultOf(attached, 'eth0', netns), dns: { nameservers: ['10.0.0.53'], search: ['mesh'] } };
const bridge: CniResult = {
  interfaces: [
    { name: 'cni0', mac: '02:00:00:00:00:01' },
    { name: 'net1', sandbox: netns },
  ],
  ips: [{ address: '192.168.0.2/24', gateway: '192.168.0.1', interface: 1 }],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '10.0.0.0/8', gw: '192.168.0.1', mtu: 1400 }],
  dns: { domain: 'bridge' },
};
const familyForm = {
  ip4: { ip: '10.64.3.2/32', gateway: '10.64.3.1', routes: [{ dst: '0.0.0.0/0' }] },
  ip6: { ip: 'fd64:0:0:3::2/128', gateway: 'fd64:0:0:3::1', routes: [{ dst: '::/0' }] },
  dns: own.dns,
};
const mac = '00:00:00:00:00:00';

describe('formatResult', () => {
  it.each(['0.1.0', '0.2.0'] as const)('prints %s with one address a family', (version) => {
    expect(formatResult(own, version)).toEqual({ cniVersion: version, ...familyForm });
  });

  it.each(['0.3.0', '0.3.1', '0.4.0'] as const)('prints %s with the family of each address', (version) => {
    expect(formatResult(own, version)).toEqual({
      cniVersion: version,
      interfaces: [{ name: 'eth0', mac, sandbox: netns }],
      ips: [
        { version: '4', interface: 0, address: '10.64.3.2/32', gateway: '10.64.3.1' },
        { version: '6', interface: 0, address: 'fd64:0:0:3::2/128', gateway: 'fd64:0:0:3::1' },
      ],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
      dns: own.dns,
    });
  });

  it.each([
    ['1.0.0', { name: 'eth0', mac, sandbox: netns }],
    ['1.1.0', { name: 'eth0', mac, mtu: 1420, sandbox: netns }],
  ] as const)('prints %s without the family of each address', (version, link) => {
    expect(formatResult(own, version)).toEqual({
      cniVersion: version,
      interfaces: [link],
      ips: [
        { interface: 0, address: '10.64.3.2/32', gateway: '10.64.3.1' },
        { interface: 0, address: 'fd64:0:0:3::2/128', gateway: 'fd64:0:0:3::1' },
      ],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
      dns: own.dns,
    });
  });

  it('gives a single-family attachment the default route of that family only', () => {
    const v6 = resultOf({ ...attached, addresses: attached.addresses.slice(1) }, 'eth0', netns);
    expect(v6.routes).toEqual([{ dst: '::/0' }]);
    expect(formatResult(v6, '0.2.0')).not.toHaveProperty('ip4');
  });

  it('keeps the 1.1.0 fields of routes out of older forms', () => {
    expect(formatResult(bridge, '1.0.0').routes).toEqual([
      { dst: '0.0.0.0/0' },
      { dst: '10.0.0.0/8', gw: '192.168.0.1' },
    ]);
    expect(formatResult(bridge, '1.1.0').routes).toEqual(bridge.routes);
  });
});

describe('mergeResults', () => {
  const merged = mergeResults(bridge, own);

  it('moves our indexes behind the interfaces of the earlier plugin', () => {
    expect(merged.interfaces.map(({ name }) => name)).toEqual(['cni0', 'net1', 'eth0']);
    expect(merged.ips.map((ip) => ip.interface)).toEqual([1, 2, 2]);
    expect(findFlaws(merged)).toEqual([]);
  });

  it('lists a route once', () => {
    expect(merged.routes.map(({ dst }) => dst)).toEqual(['0.0.0.0/0', '10.0.0.0/8', '::/0']);
  });

  it('keeps the earlier DNS unless we have some', () => {
    expect(merged.dns).toEqual(own.dns);
    expect(mergeResults(bridge, { ...own, dns: {} }).dns).toEqual(bridge.dns);
  });
});

describe('findFlaws', () => {
  it.each([
    [{ ips: [{ address: '10.0.0.2/32', interface: 0 }] }, 'ips[0].interface 0'],
    [{ ips: [{ address: '10.0.0.2/32', interface: -1 }] }, 'ips[0].interface -1'],
    [{ ips: [{ address: '10.0.0.2' }] }, 'ips[0].address'],
    [{ ips: [{ address: '10.0.0.2/33' }] }, 'ips[0].address'],
    [{ ips: [{ address: '10.0.0.2/32', gateway: 'fd64::1' }] }, 'ips[0].gateway'],
    [{ routes: [{ dst: 'default' }] }, 'routes[0].dst'],
    [{ interfaces: [{ name: '' }] }, 'interfaces[0].name'],
    [{ interfaces: [{ name: 'a', sandbox: '' }] }, 'interfaces[0].sandbox'],
  ])('finds in %j that %s is wrong', (part, named) => {
    expect(findFlaws({ ...emptyResult(), ...part }).join()).toContain(named);
  });
});

describe('parsePreviousResult', () => {
  it.each(cniVersions)('reads back what was printed as %s', (version) => {
    const printed = formatResult(own, version);
    const again = parsePreviousResult({ prevResult: printed }, '1.0.0');
    expect(again === undefined ? undefined : formatResult(again, version)).toEqual(printed);
  });

  it.each([{}, { prevResult: null }])('finds none in %j', (document) => {
    expect(parsePreviousResult(document, '1.0.0')).toBeUndefined();
  });

  it.each([
    [[], 'prevResult'],
    [{ ips: [{ address: '10.0.0.2/32', interface: 1 }], interfaces: [{ name: 'a' }] }, 'ips[0].interface 1'],
    [{ ips: [{}] }, 'prevResult.ips[0].address'],
    [{ ips: [null] }, 'prevResult.ips[0]'],
    [{ ips: {} }, 'prevResult.ips'],
    [{ interfaces: [{ name: 'a', mtu: '1' }] }, 'prevResult.interfaces[0].mtu'],
    [{ routes: [{ dst: 7 }] }, 'prevResult.routes[0].dst'],
    [{ dns: { search: 'x' } }, 'prevResult.dns.search'],
    [{ cniVersion: '0.2.0', ip4: { ip: 'x' } }, 'ips[0].address "x"'],
    [{ cniVersion: '7.0.0' }, '7.0.0'],
  ])('refuses %j naming %s', (prevResult, named) => {
    expect(() => parsePreviousResult({ prevResult }, '1.0.0')).toThrow(named);
  });
});

describe('a second interface', () => {
  const second = resultOf({ ...attached, routeMetric: 1_025 }, 'eth1', netns);
  it('shows from 1.1.0 on that its default routes stand behind those of the first', () => {
    expect(formatResult(second, '1.1.0')['routes']).toEqual([
      { dst: '0.0.0.0/0', priority: 1_025 },
      { dst: '::/0', priority: 1_025 },
    ]);
    expect(formatResult(mergeResults(own, second), '1.1.0')['routes']).toHaveLength(4);
  });

  it('has no route twice in a version without priorities', () => {
    expect(formatResult(mergeResults(own, second), '1.0.0')['routes']).toEqual([{ dst: '0.0.0.0/0' }, { dst: '::/0' }]);
  });
});

describe('listedBy', () => {
  it('gives the addresses of our interface and of no other, and every destination once', () => {
    expect(listedBy(mergeResults(bridge, own), 'eth0', netns)).toEqual({
      addresses: ['10.64.3.2/32', 'fd64:0:0:3::2/128'],
      routes: ['0.0.0.0/0', '10.0.0.0/8', '::/0'],
    });
  });

  it('finds the interface also under another path of its namespace, the exact path first', () => {
    const moved = mergeResults(own, { ...bridge, interfaces: [{ name: 'eth0', sandbox: '/b' }], ips: [] });
    expect(listedBy(own, 'eth0', '/other').addresses).toHaveLength(2);
    expect(listedBy(moved, 'eth0', '/b').addresses).toEqual([]);
  });

  it('refuses a result without our interface', () => {
    expect(() => listedBy(bridge, 'eth0', netns)).toThrow('no interface "eth0"');
    expect(() => listedBy(bridge, 'cni0', netns)).toThrow('no interface "cni0"');
  });
});

describe('dnsOf', () => {
  it('carries the configuration through, unless the runtime says otherwise', () => {
    const dns = { nameservers: ['1.1.1.1'], domain: 'd', search: ['s'], options: ['o'] };
    expect(dnsOf({ dns })).toEqual(dns);
    expect(dnsOf({ dns, runtimeConfig: { dns: { Servers: ['9.9.9.9'], Searches: ['x'] } } })).toEqual({
      nameservers: ['9.9.9.9'],
      search: ['x'],
    });
    expect(dnsOf({})).toEqual({});
    expect(() => dnsOf({ dns: { nameservers: 'x' } })).toThrow('dns.nameservers');
  });
});
