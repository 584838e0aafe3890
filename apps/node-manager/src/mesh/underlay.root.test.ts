/**
 * Two whole nodes on the real kernel with userspace WireGuard, over a link whose MTU changes while they run; ICMP is blocked on it.
 *
 *   c1 ── n1 ── eth0 192.0.2.1, 2001:db8::1 ══veth══ 192.0.2.2, 2001:db8::2 eth0 ── n2 ── c2
 *                              ╰── 198.51.100.0/24: nobody is there ──╯
 */
import type { Attachment } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import { Processes } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { MemoryStore } from '@wgcni/store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { Outside } from '../testing/outside.ts';
import { RealNode } from '../testing/real-node.ts';
import { TcpEcho } from '../testing/tcp-echo.ts';

type Family = 4 | 6;

const [bulkBytes, someBytes] = [4 * 1_024 * 1_024, 256 * 1_024];
/** Room for WireGuard over IPv6, which is asked for whatever the underlay's family. */
const overhead = 80;
/** What blocks ICMP on the underlay, but for the neighbour discovery that IPv6 cannot do without. */
const icmpBlock = `table inet test-underlay {
  chain in { type filter hook input priority -300; iifname "eth0" meta l4proto icmp drop
    iifname "eth0" icmpv6 type { packet-too-big, destination-unreachable, time-exceeded, echo-request, echo-reply } drop; }
  chain out { type filter hook output priority -300; oifname "eth0" meta l4proto icmp drop
    oifname "eth0" icmpv6 type { packet-too-big, destination-unreachable, time-exceeded, echo-request, echo-reply } drop; }
}
`;

describe('two nodes over a link of any MTU', () => {
  let directory: string;
  let cluster: FakeCluster;
  let nodes: [RealNode, RealNode];
  let containers: [ThrowawayNetns, ThrowawayNetns];
  let attached: [Attachment, Attachment];
  let echo: TcpEcho;
  let linkMtu = 1_500;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wgcni-underlay-'));
    nodes = [await RealNode.open(directory), await RealNode.open(directory)];
    containers = [await ThrowawayNetns.open(), await ThrowawayNetns.open()];
    echo = await TcpEcho.open(containers[0].path, containers[1].path);
    const [one, two] = nodes.map(({ netns }) => netns);
    await one?.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', two?.name ?? '');
    for (const [index, { netns }] of nodes.entries()) {
      const last = index + 1;
      await netns.run('ip', 'link', 'set', 'eth0', 'up');
      await netns.run('ip', 'address', 'add', `192.0.2.${last}/24`, 'dev', 'eth0');
      await netns.run('ip', 'address', 'add', `2001:db8::${last}/64`, 'dev', 'eth0', 'nodad');
      await netns.run('ip', 'route', 'add', '198.51.100.0/24', 'dev', 'eth0');
      const nobody = ['lladdr', '02:00:00:00:00:99', 'dev', 'eth0'];
      await netns.run('ip', 'neighbour', 'add', `198.51.100.${3 - last}`, ...nobody);
      await nft(nodes[index as 0 | 1], icmpBlock);
    }
  });

  afterAll(async () => {
    echo?.close();
    for (const node of nodes ?? []) await node.close();
    for (const container of containers ?? []) await container.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function nft({ netns }: RealNode, input: string): Promise<void> {
    const { status, stderr } = await new Processes().run({ argv: ['nft', '-f', '-'], input, netns: netns.path });
    if (status !== 0) throw new Error(stderr);
  }

  const endpointOf = (index: number, family: Family): string =>
    family === 4 ? `192.0.2.${index + 1}:51820` : `[2001:db8::${index + 1}]:51820`;

  async function startAll(endpoints: (index: number) => string[]): Promise<void> {
    for (const [index, node] of nodes.entries()) {
      const flags = endpoints(index).flatMap((endpoint) => ['--endpoint', endpoint]);
      await node.stop();
      await node.start(cluster, ['--underlay', 'eth0', ...flags]);
      await expect
        .poll(() => node.status().then(({ readiness }) => readiness, String), { timeout: 20_000 })
        .toBe('ready');
    }
  }

  /** Both nodes are dialled over this family from now on. */
  async function moveTo(family: Family): Promise<void> {
    await startAll((index) => [endpointOf(index, family)]);
    for (const [index, node] of nodes.entries()) {
      const dialled = () => node.status().then(({ peers }) => peers[0]?.endpoint);
      await expect.poll(dialled, { timeout: 10_000 }).toBe(endpointOf(1 - index, family));
    }
  }

  async function attachAll(): Promise<void> {
    const [one, two] = containers;
    attached = [await nodes[0].attach('c1', one.path), await nodes[1].attach('c2', two.path)];
  }

  async function setLink(mtu: number): Promise<void> {
    for (const { netns } of nodes) await netns.run('ip', 'link', 'set', 'eth0', 'mtu', String(mtu));
    linkMtu = mtu;
  }

  async function setNetwork(mtu: number): Promise<void> {
    cluster.network.mtu = mtu;
    await cluster.putNetwork();
    for (const [index, node] of nodes.entries()) {
      const settled = () => node.status().then(({ mtu: seen, drift }) => [seen.network, seen.waiting, drift]);
      await expect.poll(settled, { timeout: 10_000 }).toEqual([mtu, [], []]);
      const links = `${await node.netns.run('ip', '-o', 'link')}${await containers[index]?.run('ip', '-o', 'link')}`;
      const mtus = [...links.matchAll(/: (?:eth0|wgcni-\w+)[:@].* mtu ([0-9]+)/g)].map(([, seen]) => Number(seen));
      expect(mtus.sort()).toEqual([linkMtu, mtu, mtu, mtu].sort());
    }
  }

  /** Everything as the underlay's MTU has it, lower first. */
  async function changeTo(underlay: number): Promise<void> {
    if (underlay > linkMtu) await setLink(underlay);
    await setNetwork(underlay - overhead);
    if (underlay < linkMtu) await setLink(underlay);
  }

  /** Full-size TCP both ways, and what was seen of it outside. */
  async function expectFullSize(underlay: number, family: Family): Promise<void> {
    const outside = await Outside.capture(nodes[0].netns.path, 'eth0', join(directory, `${underlay}-${family}.pcap`));
    const hosts = attached[1].addresses.map(({ address }) => address.replace(/\/.*/, ''));
    for (const host of hosts) {
      expect(await echo.exchange(host, bulkBytes), host).toBe(`same ${bulkBytes}`);
      expect(await echo.exchange(host, someBytes, { isKept: true }), `kept: ${host}`).toBe(`same ${someBytes}`);
    }
    const frames = await outside.stop();
    const [length, largest] = family === 4 ? ['ip[2:2]', underlay - 20] : ['ip6[4:2]', underlay - 40];
    const mesh = `${family === 4 ? 'ip' : 'ip6'} and udp port 51820`;
    for (const source of [0, 1]) {
      const from = family === 4 ? `192.0.2.${source + 1}` : `2001:db8::${source + 1}`;
      const whole = await frames(`${mesh} and src host ${from} and ${length} = ${largest}`);
      expect(whole.length, from).toBeGreaterThan(bulkBytes / underlay);
    }
    expect(await frames(`${mesh} and ${length} > ${largest}`)).toEqual([]);
    expect(await frames('ip and ip[6:2] & 0x3fff != 0')).toEqual([]);
    expect(await frames('ip6 and ip6[6] = 44')).toEqual([]);
    // A report of multicast listeners, which the kernel sends when it likes, has a header before that of ICMP.
    expect(await frames('not (udp port 51820 or arp or icmp6 or ip6[6] = 0 or ether proto 0x9000)')).toEqual([]);
  }

  it('dial each other’s second endpoint when nobody is at the first, within 25 s', async () => {
    cluster = new FakeCluster(MemoryStore.alone(systemClock));
    await cluster.putNetwork();
    await startAll((index) => [`198.51.100.${index + 1}:51820`, endpointOf(index, 6)]);
    const startedAtMs = systemClock.monotonicMs();
    const ping = () => nodes[0].netns.run('ping', '-c', '1', '-W', '1', '10.64.2.1').catch(String);
    await expect.poll(ping, { timeout: 40_000 }).toContain('1 received');
    // 15 s of patience, 2 s until it is looked at again, 5 s until WireGuard shakes hands again.
    expect(systemClock.monotonicMs() - startedAtMs).toBeLessThan(25_000);
    expect((await nodes[0].status()).peers[0]?.endpoint).toBe(endpointOf(1, 6));
    await attachAll();
  });

  it.each([1_500, 9_000, 1_420])('carry full-size TCP over IPv6 at %i undivided, changed live', async (underlay) => {
    await changeTo(underlay);
    await expectFullSize(underlay, 6);
  });

  it.each([1_420, 9_000, 1_500])('carry full-size TCP over IPv4 at %i undivided, changed live', async (underlay) => {
    if (underlay === 1_420) await moveTo(4);
    await changeTo(underlay);
    await expectFullSize(underlay, 4);
  });

  it('agree in CHECK and later results with the MTU that was changed', async () => {
    for (const [index, node] of nodes.entries()) {
      const container = containers[index];
      if (container === undefined) throw new Error('there are two containers');
      await node.check(`c${index + 1}`, container.path, attached[index as 0 | 1]);
    }
    const later = await ThrowawayNetns.open();
    expect((await nodes[0].attach('later', later.path)).mtu).toBe(1_420);
    await nodes[0].release('later');
    await later.close();
  });

  it('follow a peer whose address changes, and do not write back what it publishes', async () => {
    const [one, two] = nodes;
    const dialled = () => one.status().then(({ peers }) => peers[0]?.endpoint);
    await two.netns.run('ip', 'address', 'add', '192.0.2.22/24', 'dev', 'eth0');
    await nft(
      two,
      'table ip test-roaming { chain out { type filter hook output priority -300; udp sport 51820 ip saddr set 192.0.2.22; }; }',
    );
    await containers[1].run('ping', '-c', '3', '-i', '0.2', '-W', '1', attached[0].addresses[0]?.gateway ?? '');
    expect(await dialled()).toBe('192.0.2.22:51820');
    // Whatever makes the node look at its mesh again: an MTU that changes does.
    await changeTo(1_420);
    expect([await dialled(), (await one.status()).drift]).toEqual(['192.0.2.22:51820', []]);
    await two.netns.run('nft', 'delete', 'table', 'ip', 'test-roaming');
    await two.netns.run('ip', 'address', 'delete', '192.0.2.22/24', 'dev', 'eth0');
  });

  it('carry full-size TCP at 1280 undivided, over IPv4 and IPv6, where the pools are of IPv4 alone', async () => {
    for (const node of nodes) await node.tearDown();
    cluster = new FakeCluster(MemoryStore.alone(systemClock));
    cluster.network.mtu = 1_280 - overhead;
    cluster.network.pools = cluster.network.pools.filter(({ cidr }) => !cidr.includes(':'));
    await cluster.putNetwork();
    await setLink(1_280);
    await startAll((index) => [endpointOf(index, 4)]);
    await attachAll();
    await expectFullSize(1_280, 4);
    await moveTo(6);
    await expectFullSize(1_280, 6);
  });
});
