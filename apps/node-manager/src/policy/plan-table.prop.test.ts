/** The table says of every connection what decision 0008 says, for any policy; both directions and errors about it get the same answer. */
import { type Address, type Family, parseCidr, type Rule, tryParseAddress } from '@wgcni/ipam';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Connection, isAllowed, mayTell } from './naive-verdict.ts';
import { planTable } from './plan-table.ts';
import type { Policy } from './policy.ts';
import { type Packet, walkTable } from './walk-table.ts';

const address = (text: string): Address => tryParseAddress(text) ?? { family: 4, value: 0n };
/** Containers of two pools, gateways, clients, others; and the edges of blocks. */
const addresses: Record<Family, Address[]> = {
  4: [
    '10.64.1.1',
    '10.64.1.2',
    '10.64.2.1',
    '10.64.2.9',
    '10.96.0.33',
    '10.96.0.34',
    '10.200.0.2',
    '10.200.0.3',
    '192.0.2.1',
    '8.8.8.8',
  ].map(address),
  6: ['fd64::1', 'fd64::2', 'fd64:0:0:1::1', 'fd64:0:0:1::2', 'fd65::2', 'fd65::3', '2001:db8::1'].map(address),
};
const blocks: Record<Family, string[]> = {
  4: ['10.64.0.0/12', '10.64.1.0/24', '10.64.1.1/32', '10.96.0.32/27', '10.200.0.2/32', '192.0.2.0/24', '0.0.0.0/0'],
  6: ['fd64::/48', 'fd64::/64', 'fd64::1/128', 'fd65::2/128', '2001:db8::/32', '::/0'],
};
const numbers = { tcp: () => 6, udp: () => 17, sctp: () => 132, icmp: (family: Family) => (family === 4 ? 1 : 58) };
const place = (more: string[]): fc.Arbitrary<string> =>
  fc.constantFrom('containers', 'clients', 'nodes', 'any', ...more, ...blocks[4], ...blocks[6]);
const rules = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('a', 'b.c', 'd_e-1', 'F'),
    from: fc.array(place([]), { minLength: 1, maxLength: 4 }),
    to: fc.array(place(['node']), { minLength: 1, maxLength: 4 }),
    protocol: fc.constantFrom<Rule['protocol']>('any', 'tcp', 'udp', 'sctp', 'icmp'),
    ports: fc.array(fc.constantFrom('80', '8000-8100', '53'), { maxLength: 2 }),
  }),
  { selector: ({ name }) => name, maxLength: 4 },
);
const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  isolation: fc.constantFrom<Policy['isolation']>('open', 'isolated'),
  rules: rules.map((some) =>
    some.map((rule) => (['any', 'icmp'].includes(rule.protocol) ? { ...rule, ports: [] } : rule)),
  ),
  pools: fc.constant([
    { cidr: parseCidr('10.64.0.0/12'), prefixLength: 24 },
    { cidr: parseCidr('10.96.0.0/16'), prefixLength: 27 },
    { cidr: parseCidr('fd64::/48'), prefixLength: 64 },
  ]),
  clientPools: fc.constantFrom([], [parseCidr('10.200.0.0/16'), parseCidr('fd65::/64')]),
  reachable: fc.subarray([address('10.200.0.2'), address('fd65::2')]),
  routes: fc.constantFrom([], [parseCidr('192.0.2.0/24'), parseCidr('2001:db8::/32')]),
  nodePorts: fc.constantFrom([], [7_001]),
});
/** A client has addresses of the client pools alone. */
const policies = anyPolicy.map((one) => (one.clientPools.length === 0 ? { ...one, reachable: [] } : one));
const connections = fc.constantFrom<Family>(4, 6).chain((family) =>
  fc.record({
    family: fc.constant(family),
    from: fc.constantFrom(...addresses[family]),
    to: fc.constantFrom(...addresses[family]),
    protocol: fc.constantFrom<Connection['protocol']>('tcp', 'udp', 'sctp', 'icmp'),
    port: fc.constantFrom(80, 8_050, 53, 7_001, 99),
    ...{ isToNode: fc.boolean(), isRedirected: fc.boolean(), isByMesh: fc.boolean() },
    ...{
      isAnswer: fc.boolean(),
      teller: fc.constantFrom(...addresses[family]),
      told: fc.constantFrom(...addresses[family]),
    },
  }),
);

/** A connection, and a packet of it: which way it goes, and, where it is an error of ICMP, who says it to whom. */
interface Sent extends Connection {
  isAnswer: boolean;
  teller: Address;
  told: Address;
}

function packetOf({ family, from, to, protocol, port, ...sent }: Sent, isError: boolean): Packet {
  const header = family === 4 ? 'ip' : 'ip6';
  const [number, icmp] = [numbers[protocol](family), numbers.icmp(family)];
  const ports = protocol === 'icmp' || isError ? [] : [['ct reply proto-src', port] as const];
  const devices = [sent.isByMesh ? 'wgcni-mesh' : 'eth0', 'wgcni-pods'];
  const [arrives = '', leaves = ''] = sent.isAnswer ? devices.reverse() : devices;
  const types = isError ? 'time-exceeded' : 'echo-request';
  return {
    values: new Map<string, Address | number | string>([
      [`ct original ${header} saddr`, from],
      [`ct reply ${header} saddr`, to],
      ['ct protocol', number],
      ['meta l4proto', isError ? icmp : number],
      ['ct state', isError ? 'related' : 'established'],
      ['ct direction', sent.isAnswer ? 'reply' : 'original'],
      ...(sent.isRedirected ? [['ct status', 'dnat'] as const] : []),
      ...[['iifname', arrives] as const, ['oifname', leaves] as const],
      ...(isError ? [[`${header} saddr`, sent.teller] as const, [`${header} daddr`, sent.told] as const] : []),
      ...(protocol === 'icmp' || isError ? [[family === 4 ? 'icmp type' : 'icmpv6 type', types] as const] : []),
      ...ports,
    ]),
  };
}

/** Tables cost more to plan than connections to judge. */
const many = fc.array(connections, { minLength: 20, maxLength: 20 });
const runs = { numRuns: 150 };
const hookOf = ({ isToNode }: Connection): 'input' | 'forward' => (isToNode ? 'input' : 'forward');

describe('the table of a policy', () => {
  it('lets pass what may, drops the rest, and counts what it drops once', () => {
    const property = fc.property(policies, many, (policy, some) => {
      const table = planTable(policy);
      for (const connection of some) {
        const { verdict, counters } = walkTable(table, hookOf(connection), packetOf(connection, false));
        expect([connection, verdict]).toEqual([connection, isAllowed(policy, connection) ? 'accept' : 'drop']);
        const [denied, allowed] = ['denied-', 'rule-'].map((kind) => counters.filter((name) => name.startsWith(kind)));
        expect(denied).toHaveLength(verdict === 'drop' ? 1 : 0);
        expect(allowed?.length).toBeLessThanOrEqual(verdict === 'drop' ? 0 : 1);
      }
    });
    fc.assert(property, runs);
  });

  it('lets errors about a connection pass where the connection may, and its teller may speak with the told, or be spoken to', () => {
    const property = fc.property(policies, many, (policy, some) => {
      const table = planTable(policy);
      for (const connection of some.filter((one) => isAllowed(policy, one)))
        expect(walkTable(table, hookOf(connection), packetOf(connection, true)).verdict).toBe(
          connection.isToNode || mayTell(policy, connection.teller, connection.told) ? 'accept' : 'drop',
        );
    });
    fc.assert(property, runs);
  });
});
