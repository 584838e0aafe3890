/**
 * The policy's table in the kernel, tried with packets of both families that the walk through it cannot show: what conntrack makes of a redirection and of a
 * forged error.
 *
 *   one: 10.64.1.2 ── wgcni-va ──┐
 *                                ├─ node: 10.64.1.1, 192.0.2.1 ── eth0 ── outside: 192.0.2.9, routes the pool to the node
 *   two: 10.64.1.3 ── wgcni-vb ──┘
 *    └─ twin: sends as `one` to what `two` pretends to be, so that the kernel of `two` writes the error
 */
import { parseAddress, parseCidr } from '@wgcni/ipam';
import { ExecNftTable } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planTable, policyTable } from './plan-table.ts';
import type { Policy } from './policy.ts';

const isolated: Policy = {
  ...{ isolation: 'isolated', rules: [], nodePorts: [], reachable: [], routes: [], clientPools: [] },
  pools: [
    { cidr: parseCidr('10.64.0.0/12'), prefixLength: 24 },
    { cidr: parseCidr('fd64::/48'), prefixLength: 64 },
  ],
};
const rule = (from: readonly string[], to: readonly string[]): Policy['rules'][number] => ({
  ...{ name: 'one', protocol: 'any', ports: [] },
  ...{ from: [...from], to: [...to] },
});
/** The same places in both families. */
const plans = [
  {
    ...{ version: '-4', ip: 'ip', all: 32, length: 24, icmp: 'icmp', one: '10.64.1.2', two: '10.64.1.3' },
    ...{ gateway: '10.64.1.1', pool: '10.64.0.0/12', node: '192.0.2.1', outside: '192.0.2.9', published: '192.0.2.50' },
  },
  {
    ...{ version: '-6', ip: 'ip6', all: 128, length: 64, icmp: 'icmpv6', one: 'fd64:0:0:1::2', two: 'fd64:0:0:1::3' },
    ...{ gateway: 'fd64:0:0:1::1', pool: 'fd64::/48', node: '2001:db8::1', outside: '2001:db8::9' },
    ...{ published: '2001:db8::50' },
  },
] as const;
type Plan = (typeof plans)[number];
const gateways = plans.map(({ gateway, all }) => `${gateway}/${all}`);
const [lans, everywhere] = [
  ['192.0.2.0/24', '2001:db8::/64'],
  ['0.0.0.0/0', '::/0'],
];

let places: Record<'node' | 'one' | 'two' | 'twin' | 'outside', ThrowawayNetns>;
let table: ExecNftTable;

beforeAll(async () => {
  const [node, one, two, twin, outside] = await Promise.all(Array.from({ length: 5 }, () => ThrowawayNetns.open()));
  if (node === undefined || one === undefined || two === undefined || twin === undefined || outside === undefined)
    throw new Error('there are five');
  places = { node, one, two, twin, outside };
  for (const [from, name, to] of [
    [node, 'wgcni-va', one],
    [node, 'wgcni-vb', two],
    [node, 'eth0', outside],
    [two, 'twin', twin],
  ] as const) {
    await from.run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', to.name);
    await from.run('ip', 'link', 'set', name, 'up');
    await to.run('ip', 'link', 'set', 'eth0', 'up');
  }
  await node.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  const macs = {
    ...{ one: await macOf(one, 'eth0'), va: await macOf(node, 'wgcni-va') },
    ...{ two: await macOf(two, 'eth0'), vb: await macOf(node, 'wgcni-vb'), twin: await macOf(two, 'twin') },
  };
  for (const plan of plans) await lay(plan, macs);
  // One source port in both, as who forges would guess it; and the forger's own address on what its kernel writes.
  const out = 'type filter hook postrouting priority 300';
  for (const place of [one, twin]) await place.run('nft', `table inet t { chain o { ${out}; udp sport set 40000; }; }`);
  for (const { ip, icmp, ...plan } of plans) {
    await two.run(
      'nft',
      `table ${ip} t { chain o { ${out}; ${icmp} type destination-unreachable ${ip} saddr set ${plan.two}; }; }`,
    );
    const { published, one: target } = plan;
    const nat = 'type nat hook prerouting priority -100';
    await node.run('nft', `table ${ip} t { chain d { ${nat}; ${ip} daddr ${published} dnat to ${target}; }; }`);
  }
  table = new ExecNftTable({ name: policyTable, ownNetns: node.path });
});
afterAll(async () => {
  for (const place of Object.values(places)) await place.close();
});

describe('who is outside', () => {
  it.each<[string, Partial<Policy>, [boolean, boolean]]>([
    ['by what is published alone where the network is isolated', {}, [false, true]],
    ['by a rule', { rules: [rule(lans, ['containers'])] }, [true, true]],
    ['from behind an approved route', { routes: lans.map((lan) => parseCidr(lan)) }, [true, true]],
    ['by any way where the network is open', { isolation: 'open' }, [true, true]],
  ])('reaches a container %s', async (_, more, expected) => {
    await table.ensure(planTable({ ...isolated, ...more }));
    await inBoth(async ({ one, published }) => {
      expect(await Promise.all([one, published].map((target) => isReached('outside', target)))).toEqual(expected);
      expect(await isReached('node', one)).toBe(true);
    });
  });
});

describe('a rule to everywhere', () => {
  it('opens the way out, and no service of a node but to its single address', async () => {
    await table.ensure(planTable({ ...isolated, rules: [rule(['containers'], everywhere)] }));
    await inBoth(async ({ outside, gateway, node }) => {
      expect(await isReached('one', outside)).toBe(true);
      expect(await Promise.all([gateway, node].map(isRefused))).toEqual([false, false]);
    });
    await table.ensure(planTable({ ...isolated, rules: [rule(['containers'], gateways)] }));
    await inBoth(async ({ gateway, node }) => {
      expect(await Promise.all([gateway, node].map(isRefused))).toEqual([true, false]);
    });
  });
});

describe('an error of ICMP about a connection of others', () => {
  it('does not come from a container that may not speak with the told, and does from one that may', async () => {
    for (const [to, told] of [
      [lans, 0],
      [['any'], 1],
    ] as const) {
      await table.ensure(planTable({ ...isolated, rules: [rule(['containers'], to)] }));
      const before = await errorsHeard();
      const hook = 'type filter hook input priority 0';
      await places.outside.run('nft', `table inet q { chain i { ${hook}; udp dport 5000 drop; }; }`);
      await inBoth(async ({ outside }) => {
        await send(places.one, outside);
        await send(places.twin, outside);
      });
      await places.outside.run('nft', 'delete', 'table', 'inet', 'q');
      const after = await errorsHeard();
      expect(after.map((heard, index) => heard - (before[index] ?? 0))).toEqual([told, told]);
    }
    expect((await table.counts()).get('denied-stray')?.packets).toBe(2);
  });
});

describe('the table of a network with everything in it', () => {
  it('is taken for what was written, and not written once more', async () => {
    const content = planTable({
      ...{ isolation: 'isolated', pools: isolated.pools, nodePorts: [2379, 7001] },
      clientPools: ['10.200.0.0/16', 'fd65::/64'].map((block) => parseCidr(block)),
      reachable: ['10.200.0.7', '10.200.0.8', 'fd65::7'].map((address) => parseAddress(address)),
      routes: [...lans, '192.0.3.0/24', '192.0.2.128/25'].map((lan) => parseCidr(lan)),
      rules: [
        { name: 'any', from: ['any'], to: ['any', 'node'], protocol: 'any', ports: [] },
        {
          name: 'web',
          from: ['clients', ...lans],
          to: ['containers'],
          protocol: 'tcp',
          ports: ['80', '8000-8100', '81'],
        },
        { name: 'dns', from: ['containers'], to: ['nodes', ...gateways], protocol: 'udp', ports: ['53'] },
        { name: 'sctp', from: ['10.64.0.0/25', '10.64.0.128/25'], to: everywhere, protocol: 'sctp', ports: ['9'] },
        { name: 'icmp', from: ['nodes'], to: ['clients', '10.64.0.0/12'], protocol: 'icmp', ports: [] },
      ],
    });
    await table.ensure(content);
    // A rule that is written again has another handle.
    const handles = () => places.node.run('nft', '-a', '-s', 'list', 'table', 'inet', policyTable);
    const before = await handles();
    await table.ensure(content);
    expect(await handles()).toBe(before);
  });
});

/** Addresses and routes of one family. Who is whose neighbour is said, as on a container's link. */
async function lay(
  { version, all, length, pool, one, two, gateway, node, outside, published }: Plan,
  macs: Record<'one' | 'va' | 'two' | 'vb' | 'twin', string>,
): Promise<void> {
  const ip = async (place: ThrowawayNetns, ...lines: string[]): Promise<void> => {
    for (const line of lines) await place.run('ip', version, ...line.split(' '));
  };
  const nodad = version === '-6' ? ' nodad' : '';
  const source = ` src ${gateway}`;
  await ip(places.node, `addr add ${gateway}/${all} dev lo`, `addr add ${node}/${length} dev eth0${nodad}`);
  await ip(places.node, `route add ${one} dev wgcni-va${source}`, `route add ${two} dev wgcni-vb${source}`);
  await ip(places.node, `neigh add ${one} lladdr ${macs.one} dev wgcni-va`);
  await ip(places.node, `neigh add ${two} lladdr ${macs.two} dev wgcni-vb`);
  for (const [place, own, mac] of [
    [places.one, one, macs.va],
    [places.two, two, macs.vb],
  ] as const) {
    await ip(place, `addr add ${own}/${all} dev eth0${nodad}`, `route add ${gateway} dev eth0`);
    await ip(place, `route add default via ${gateway} dev eth0`, `neigh add ${gateway} lladdr ${mac} dev eth0`);
  }
  await ip(places.two, `addr add ${outside}/${all} dev lo`);
  await ip(places.twin, `addr add ${one}/${all} dev eth0${nodad}`, 'route add default dev eth0');
  await ip(places.twin, `neigh add ${outside} lladdr ${macs.twin} dev eth0`);
  await ip(places.outside, `addr add ${outside}/${length} dev eth0${nodad}`);
  await ip(places.outside, `route add ${pool} via ${node}`, `route add ${published} via ${node}`);
}

async function macOf(place: ThrowawayNetns, link: string): Promise<string> {
  return /link\/ether (\S+)/.exec(await place.run('ip', '-o', 'link', 'show', 'dev', link))?.[1] ?? '';
}

async function inBoth(work: (plan: Plan) => Promise<void>): Promise<void> {
  await Promise.all(plans.map(work));
}

function sh(place: ThrowawayNetns, script: string): Promise<string> {
  return place.run('bash', '-c', script);
}

async function isReached(from: keyof typeof places, target = ''): Promise<boolean> {
  return (await sh(places[from], `ping -c 2 -i 0.2 -W 1 -q ${target} || true`)).includes(' 0% packet loss');
}

/** Whether the node answers at a port where nothing listens: its refusal is an answer. */
async function isRefused(target: string): Promise<boolean> {
  return (await sh(places.one, `timeout 2 bash -c '</dev/tcp/${target}/9' 2>&1; true`)).includes('refused');
}

/** A datagram to a port outside at which nothing listens. */
function send(place: ThrowawayNetns, outside: string): Promise<string> {
  return sh(place, `echo x >/dev/udp/${outside}/5000; sleep 0.3`);
}

/** How many "destination unreachable" `one` was told, in each family. */
async function errorsHeard(): Promise<[number, number]> {
  const lines = (await places.one.run('cat', '/proc/self/net/snmp'))
    .split('\n')
    .filter((line) => line.startsWith('Icmp:'));
  const [names = [], values = []] = lines.map((line) => line.split(' '));
  const six = /^Icmp6InDestUnreachs\s+([0-9]+)$/m.exec(await places.one.run('cat', '/proc/self/net/snmp6'))?.[1];
  return [Number(values[names.indexOf('InDestUnreachs')]), Number(six)];
}
