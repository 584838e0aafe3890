/** What is no connection, and how the table is written. */
import { type Address, parseCidr, tryParseAddress } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { planTable } from './plan-table.ts';
import type { Policy } from './policy.ts';
import { walkTable } from './walk-table.ts';

const open: Policy = {
  ...{ isolation: 'open', rules: [], nodePorts: [], reachable: [], routes: [] },
  pools: [
    { cidr: parseCidr('10.64.0.0/12'), prefixLength: 24 },
    { cidr: parseCidr('fd64::/48'), prefixLength: 64 },
  ],
  clientPools: [parseCidr('10.200.0.0/16'), parseCidr('fd65::/64')],
};
const isolated: Policy = { ...open, isolation: 'isolated' };
const address = (text: string): Address => tryParseAddress(text) ?? { family: 4, value: 0n };
const [pod, other, gateway, client, outside] = [
  ...['10.64.1.2', '10.64.2.2', '10.64.2.1', '10.200.0.2', '192.0.2.1'].map(address),
] as [Address, Address, Address, Address, Address];

describe('a packet of no connection', () => {
  const stray = (
    policy: Policy,
    hook: 'forward' | 'input',
    ends: [Address, Address],
    more: [string, string][] = [],
  ) => {
    const header = ends[0].family === 4 ? 'ip' : 'ip6';
    const values = [[`${header} saddr`, ends[0]] as const, [`${header} daddr`, ends[1]] as const, ...more];
    return walkTable(planTable(policy), hook, {
      values: new Map<string, string | Address>([['ct state', 'invalid'], ...values]),
    });
  };

  it('is dropped and counted when a container sent it and not everything is open', () => {
    const dropped = { verdict: 'drop', counters: ['denied-stray'] };
    expect(stray(isolated, 'forward', [pod, other])).toEqual(dropped);
    expect(stray(isolated, 'forward', [pod, outside])).toEqual(dropped);
    expect(stray(open, 'forward', [pod, client])).toEqual(dropped);
    expect(stray(open, 'forward', [client, pod])).toEqual(dropped);
    expect(stray(open, 'input', [pod, gateway])).toEqual(dropped);
    expect(stray(open, 'input', [client, outside])).toEqual(dropped);
  });

  it('passes where both directions may, and from whoever is not judged', () => {
    for (const ends of [
      [pod, other],
      [pod, outside],
      [outside, pod],
    ] as [Address, Address][])
      expect(stray(open, 'forward', ends).verdict).toBe('accept');
    expect(stray(isolated, 'forward', [gateway, pod]).verdict).toBe('accept');
    expect(stray(isolated, 'forward', [outside, pod], [['iifname', 'wgcni-mesh']]).verdict).toBe('accept');
    for (const from of [gateway, outside]) {
      expect(stray(isolated, 'input', [from, pod]).verdict).toBe('accept');
    }
  });

  it('is dropped when somebody outside sent it to whom nobody outside reaches', () => {
    const dropped = { verdict: 'drop', counters: ['denied-stray'] };
    const uplink: [string, string][] = [['iifname', 'eth0']];
    expect(stray(isolated, 'forward', [outside, pod], uplink)).toEqual(dropped);
    expect(stray(open, 'forward', [outside, client], uplink)).toEqual(dropped);
  });

  it('is how neighbours on a bridge find each other', () => {
    const asks = (type: string) =>
      stray(isolated, 'input', [address('fd64::2'), address('fd64::1')], [['icmpv6 type', type]]);
    expect(asks('nd-neighbor-solicit').verdict).toBe('accept');
    expect(asks('echo-request').verdict).toBe('drop');
  });
});

describe('a rule of which no port can be read', () => {
  const rule = { name: 'web', from: ['containers'], to: ['192.0.2.0/24'], protocol: 'tcp' as const };
  const textOf = (ports: string[]): string => JSON.stringify(planTable({ ...isolated, rules: [{ ...rule, ports }] }));

  it('is left out, and the table is as without it, with its counter', () => {
    const without = JSON.stringify(planTable({ ...isolated, rules: [{ ...rule, from: ['x'], ports: ['80'] }] }));
    for (const ports of [['http'], ['0', '70000', '9-1']]) expect(textOf(ports)).toBe(without);
    expect(textOf(['http'])).not.toMatch(/\{ +\}/);
  });

  it('allows the ports that can be', () => {
    expect(textOf(['http', '80'])).toBe(textOf(['80']));
    expect(textOf(['80'])).toContain('ct reply proto-src 80');
  });
});

describe('what a device of a container brings to the node', () => {
  const brought = (device: string, from: string, more: [string, string][]) => {
    const [source, header] = [address(from), from.includes(':') ? 'ip6' : 'ip'];
    const values = [[`${header} saddr`, source] as const, ['iifname', device] as const, ...more];
    const tuple = more.some(([what]) => what === 'ct direction')
      ? [[`ct original ${header} saddr`, source] as const]
      : [];
    return walkTable(planTable(open), 'input', { values: new Map<string, string | Address>([...values, ...tuple]) });
  };

  it('is dropped when no rule judges its source: nobody’s address, or one of somewhere else', () => {
    for (const device of ['wgcni-pods', 'wgcni-v0a1b2c3d'])
      for (const from of ['::', '0.0.0.0', '192.0.2.9', 'fe80::9']) {
        const dropped = { verdict: 'drop', counters: ['denied-stray'] };
        expect(brought(device, from, [['ct direction', 'original']])).toEqual(dropped);
        expect(brought(device, from, [['ct state', 'untracked']])).toEqual(dropped);
      }
  });

  it('passes as an answer to what the node began under another address; what comes by other devices is not looked at', () => {
    expect(brought('wgcni-pods', '192.0.2.1', [['ct direction', 'reply']]).verdict).toBe('accept');
    expect(brought('eth0', '192.0.2.9', [['ct direction', 'original']]).verdict).toBe('accept');
    expect(brought('wgcni-mesh', '192.0.2.9', [['ct direction', 'original']]).verdict).toBe('accept');
  });
});

it('has a set for what several blocks name, once for all rules that name the same, without a block inside another', () => {
  const rule = { protocol: 'any' as const, ports: [], to: ['any'] };
  const from = ['containers', '10.64.7.0/24', '198.51.100.0/24'];
  const rules = ['one', 'two'].map((name) => ({ ...rule, name, from }));
  const { sets, chains } = planTable({ ...isolated, rules });
  const [named, ...rest] = sets.filter(({ name }) => name.startsWith('places'));
  expect([named, rest]).toEqual([{ name: 'places4-1', family: 4, elements: ['10.64.0.0/12', '198.51.100.0/24'] }, []]);
  expect(chains.find(({ name }) => name === 'rules4')?.rules).toEqual([
    'ct original ip saddr @places4-1 counter name rule-one accept',
    'ct original ip saddr @places4-1 counter name rule-two accept',
  ]);
});

it('judges a port by where the connection is really answered, of packets that have one', () => {
  const rules = [
    {
      name: 'web',
      from: ['any'],
      to: ['containers'],
      protocol: 'tcp' as const,
      ports: ['80', '8000-8100', '8050', '8100-8200'],
    },
  ];
  expect(planTable({ ...isolated, rules }).chains.find(({ name }) => name === 'rules6')?.rules).toEqual([
    'meta l4proto 6 ct reply proto-src { 80, 8000-8200 } ct reply ip6 saddr @containers6 counter name rule-web accept',
    'meta l4proto 58 ct protocol 6 ct reply ip6 saddr @containers6 counter name rule-web accept',
  ]);
});

it('has few rules of nft for many blocks and ports', () => {
  const from = (index: number) => Array.from({ length: 64 }, (_, at) => `172.16.${index}.${at * 4}/30`);
  const ports = Array.from({ length: 64 }, (_, at) => `${1 + 2 * at}`);
  const many = (count: number, more: (index: number) => { from?: string[]; ports?: string[] }) =>
    Array.from({ length: count }, (_, index) => ({
      ...{ name: `r${index}-${count}`, from: ['any'], to: ['10.64.1.0/24'], protocol: 'tcp' as const, ports: [] },
      ...more(index),
    }));
  const rules = [...many(32, (index) => ({ from: from(index) })), ...many(16, () => ({ ports }))];
  const { chains, sets } = planTable({ ...isolated, rules });
  expect(sets.flatMap(({ elements }) => elements).length).toBe(32 * 64 + 4);
  // One for connections to elsewhere and one for those to the node; with ports one more for the errors about them.
  expect(chains.flatMap((chain) => chain.rules).length).toBeLessThan(2 * (32 + 2 * 16) + 100);
});
