/**
 * The policy's table in the kernel, tried with packets that the walk through it cannot show: what conntrack makes of a redirection and of a forged error.
 *
 *   one: 10.64.1.2 ── wgcni-va ──┐
 *                                ├─ node: 10.64.1.1, 192.0.2.1 ── eth0 ── outside: 192.0.2.9, routes the pool to the node
 *   two: 10.64.1.3 ── wgcni-vb ──┘
 *    └─ twin: sends as `one` to what `two` pretends to be, so that the kernel of `two` writes the error
 */
import { parseCidr } from '@wgcni/ipam';
import { ExecNftTable } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planTable, policyTable } from './plan-table.ts';
import type { Policy } from './policy.ts';

const isolated: Policy = {
  ...{ isolation: 'isolated', rules: [], nodePorts: [], reachable: [], routes: [], clientPools: [] },
  pools: [{ cidr: parseCidr('10.64.0.0/12'), prefixLength: 24 }],
};
const rule = (from: string, to: string): Policy['rules'][number] => ({
  ...{ name: 'one', protocol: 'any', ports: [] },
  ...{ from: [from], to: [to] },
});
const [one, two, outside, published] = ['10.64.1.2', '10.64.1.3', '192.0.2.9', '192.0.2.50'];

let places: Record<'node' | 'one' | 'two' | 'twin' | 'outside', ThrowawayNetns>;
let table: ExecNftTable;

beforeAll(async () => {
  const [node, first, second, twin, far] = await Promise.all(Array.from({ length: 5 }, () => ThrowawayNetns.open()));
  if (node === undefined || first === undefined || second === undefined || twin === undefined || far === undefined)
    throw new Error('there are five');
  places = { node, one: first, two: second, twin, outside: far };
  for (const [from, name, to] of [
    [node, 'wgcni-va', first],
    [node, 'wgcni-vb', second],
    [node, 'eth0', far],
    [second, 'twin', twin],
  ] as const) {
    await from.run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', to.name);
    await from.run('ip', 'link', 'set', name, 'up');
    await to.run('ip', 'link', 'set', 'eth0', 'up');
  }
  await node.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  await sh(node, 'ip addr add 10.64.1.1/32 dev lo; ip addr add 192.0.2.1/24 dev eth0');
  await sh(node, `ip route add ${one} dev wgcni-va src 10.64.1.1; ip route add ${two} dev wgcni-vb src 10.64.1.1`);
  const way = 'ip route add 10.64.1.1 dev eth0; ip route add default via 10.64.1.1 dev eth0';
  await sh(first, `ip addr add ${one}/32 dev eth0; ${way}`);
  await sh(second, `ip addr add ${two}/32 dev eth0; ${way}; ip addr add ${outside}/32 dev lo`);
  await sh(twin, `ip addr add ${one}/32 dev eth0; ip route add default dev eth0`);
  await sh(far, `ip addr add ${outside}/24 dev eth0; ip route add 10.64.0.0/12 via 192.0.2.1`);
  await sh(far, `ip route add ${published} via 192.0.2.1`);
  // One source port in both, as who forges would guess it; and the forger's own address on what its kernel writes.
  const out = 'type filter hook postrouting priority 300';
  for (const place of [first, twin]) await place.run('nft', `table ip t { chain o { ${out}; udp sport set 40000; }; }`);
  await second.run('nft', `table ip t { chain o { ${out}; icmp type destination-unreachable ip saddr set ${two}; }; }`);
  await node.run(
    'nft',
    `table ip t { chain d { type nat hook prerouting priority -100; ip daddr ${published} dnat to ${one}; }; }`,
  );
  table = new ExecNftTable({ name: policyTable, ownNetns: node.path });
});
afterAll(async () => {
  for (const place of Object.values(places)) await place.close();
});

describe('who is outside', () => {
  it.each<[string, Partial<Policy>, [boolean, boolean]]>([
    ['by what is published alone where the network is isolated', {}, [false, true]],
    ['by a rule', { rules: [rule('192.0.2.0/24', 'containers')] }, [true, true]],
    ['from behind an approved route', { routes: [parseCidr('192.0.2.0/24')] }, [true, true]],
    ['by any way where the network is open', { isolation: 'open' }, [true, true]],
  ])('reaches a container %s', async (_, more, expected) => {
    await table.ensure(planTable({ ...isolated, ...more }));
    const reached = await Promise.all([one, published].map((target) => isReached('outside', target)));
    expect(reached).toEqual(expected);
    expect(await isReached('node', one)).toBe(true);
  });
});

describe('a rule to everywhere', () => {
  it('opens the way out, and no service of a node but to its single address', async () => {
    await table.ensure(planTable({ ...isolated, rules: [rule('containers', '0.0.0.0/0')] }));
    expect(await isReached('one', outside)).toBe(true);
    expect(await Promise.all(['10.64.1.1', '192.0.2.1'].map(isRefused))).toEqual([false, false]);
    await table.ensure(planTable({ ...isolated, rules: [rule('containers', '10.64.1.1/32')] }));
    expect(await Promise.all(['10.64.1.1', '192.0.2.1'].map(isRefused))).toEqual([true, false]);
  });
});

describe('an error of ICMP about a connection of others', () => {
  it('does not come from a container that may not speak with the told, and does from one that may', async () => {
    for (const [rules, told] of [
      [[rule('containers', '192.0.2.0/24')], 0],
      [[rule('containers', 'any')], 1],
    ] as const) {
      await table.ensure(planTable({ ...isolated, rules }));
      const before = await errorsHeard();
      await sh(
        places.outside,
        'nft add table ip q; nft "add chain ip q i { type filter hook input priority 0; policy drop; }"',
      );
      await send(places.one);
      await send(places.twin);
      await sh(places.outside, 'nft delete table ip q');
      expect((await errorsHeard()) - before).toBe(told);
    }
    expect((await table.counts()).get('denied-stray')?.packets).toBe(1);
  });
});

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
function send(place: ThrowawayNetns): Promise<string> {
  return sh(place, `echo x >/dev/udp/${outside}/5000; sleep 0.3`);
}

/** How many "destination unreachable" `one` was told. */
async function errorsHeard(): Promise<number> {
  const lines = (await places.one.run('cat', '/proc/self/net/snmp'))
    .split('\n')
    .filter((line) => line.startsWith('Icmp:'));
  const [names = [], values = []] = lines.map((line) => line.split(' '));
  return Number(values[names.indexOf('InDestUnreachs')]);
}
