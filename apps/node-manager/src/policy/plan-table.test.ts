/** What is no connection, and how the table is written. */
import { type Address, parseCidr, tryParseAddress } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { planTable } from './plan-table.ts';
import type { Policy } from './policy.ts';
import { walkTable } from './walk-table.ts';

const open: Policy = {
  ...{ isolation: 'open', rules: [], nodePorts: [], reachable: [] },
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
    for (const from of [gateway, outside]) {
      expect(stray(isolated, 'forward', [from, pod]).verdict).toBe('accept');
      expect(stray(isolated, 'input', [from, pod]).verdict).toBe('accept');
    }
  });

  it('is how neighbours on a bridge find each other', () => {
    const asks = (type: string) =>
      stray(isolated, 'input', [address('fd64::2'), address('fd64::1')], [['icmpv6 type', type]]);
    expect(asks('nd-neighbor-solicit').verdict).toBe('accept');
    expect(asks('echo-request').verdict).toBe('drop');
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
