/**
 * What somebody does by hand to a node that runs, and a pair of nodes that do not hear each other: found and put right within 15 s, with an event
 * that names it. The programs of the real kernel do it (`wg`, `ip`, `iptables`, `nft`, `sysctl`); WireGuard is userspace.
 *
 *   c1 ── n1 ── eth0 192.0.2.1 ══veth══ 192.0.2.2 eth0 ── n2
 */
import type { Event } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import { Processes } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { MemoryStore } from '@wgcni/store';
import { systemKeys } from '@wgcni/wg';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { meshRef } from '../mesh/mesh-device.ts';
import { podsRef } from '../pods/pods-device.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { RealNode } from '../testing/real-node.ts';

/** The promise of issue 7, in seconds. */
const mostSec = 15;
const udpBlock = `table inet test-cut {
  chain in { type filter hook input priority -300; iifname "eth0" udp dport 51820 drop; }
  chain out { type filter hook output priority -300; oifname "eth0" udp dport 51820 drop; }
}
`;

describe('two nodes, of which somebody changes one by hand', () => {
  let directory: string;
  let nodes: [RealNode, RealNode];
  let container: ThrowawayNetns;
  /** The public keys of the other node and of the container, and the subnet of the other node. */
  let other: { key: string; subnet: string };
  let containerKey: string;
  const measured: string[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wgcni-repair-'));
    nodes = [await RealNode.open(directory), await RealNode.open(directory)];
    container = await ThrowawayNetns.open();
    const [one, two] = nodes;
    await one.netns.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', two.netns.name);
    const cluster = new FakeCluster(MemoryStore.alone(systemClock));
    await cluster.putNetwork();
    for (const [index, node] of nodes.entries()) {
      await node.netns.run('ip', 'link', 'set', 'eth0', 'up');
      await node.netns.run('ip', 'address', 'add', `192.0.2.${index + 1}/24`, 'dev', 'eth0');
      await node.start(cluster, ['--underlay', 'eth0', '--endpoint', `192.0.2.${index + 1}:51820`]);
    }
    const isUp = async (node: RealNode): Promise<void> => {
      expect((await node.status()).tunnels.map(({ state }) => state)).toEqual(['up']);
    };
    for (const node of nodes) await vi.waitFor(() => isUp(node), { timeout: 40_000, interval: 200 });
    containerKey = (await one.attach('c1', container.path)).publicKey ?? '';
    const { publicKey, subnets } = await two.status();
    other = { key: publicKey ?? '', subnet: subnets.find((cidr) => cidr.includes('.')) ?? '' };
  });

  afterAll(async () => {
    for (const node of nodes ?? []) await node.close();
    await container?.close();
    await rm(directory, { recursive: true, force: true });
    process.stdout.write(`${measured.join('\n')}\n`);
  });

  const byHand = (...argv: string[]) => nodes[0].netns.run(...argv);
  const wg = (device: 'mesh' | 'pods', ...words: string[]) =>
    byHand('wg', 'set', (device === 'mesh' ? meshRef : podsRef)(nodes[0].nodeId).id, ...words);
  const cut = (input: string) => new Processes().run({ argv: ['nft', '-f', '-'], input, netns: nodes[1].netns.path });

  /** Makes the changes at once, and waits for an event of each kind and subject; resolves with all that was told meanwhile. */
  async function told(wanted: readonly string[], change: () => Promise<unknown>): Promise<Event[]> {
    const { last } = await nodes[0].events();
    const beganMs = Date.now();
    await change();
    const events: Event[] = [];
    let after = last;
    const missing = (): string[] => wanted.filter((one) => !events.some((event) => nameOf(event) === one));
    while (missing().length > 0) {
      const leftSec = Math.ceil(mostSec - (Date.now() - beganMs) / 1_000);
      if (leftSec <= 0)
        expect(missing(), `not found within ${mostSec} s; told: ${events.map(nameOf).join()}`).toEqual([]);
      const page = await nodes[0].events({ wait: leftSec, ...(after === null ? {} : { after }) });
      events.push(...page.items);
      after = page.last;
    }
    for (const event of events) {
      const seconds = (Date.parse(event.at) - beganMs) / 1_000;
      measured.push(
        `${seconds.toFixed(1)} s  ${nameOf(event)}: ${event.message}${event.cause === null ? '' : ` (${event.cause})`}`,
      );
      if (wanted.includes(nameOf(event))) expect(seconds, nameOf(event)).toBeLessThanOrEqual(mostSec);
    }
    return events;
  }
  const nameOf = ({ kind, subject }: Event): string => `${kind} ${subject}`;
  /** The node itself finds nothing that differs, and both sides reach each other. */
  async function isWhole(): Promise<void> {
    const status = await nodes[0].status();
    expect([status.drift, status.contested]).toEqual([[], []]);
    await byHand('ping', '-c', '1', '-W', '2', other.subnet.replace(/0\/\d+$/, '1'));
    await container.run('ping', '-c', '1', '-W', '2', other.subnet.replace(/0\/\d+$/, '1'));
  }

  it('have told nothing while they came up, joined and took a container', async () => {
    for (const node of nodes) expect((await node.events()).items).toEqual([]);
    await isWhole();
  });

  it('a peer wiped, rules flushed, a switch turned off, and a foreign peer beside the containers', async () => {
    const foreign = systemKeys.generate().publicKey;
    const events = await told(
      [
        `repair.peer-restored peer ${nodes[1].nodeId} of wgcni-mesh`,
        'repair.chains-restored chain WGCNI-FORWARD/4',
        'repair.policy-restored table inet wgcni',
        'repair.switch-restored switch net.ipv4.ip_forward',
        `repair.peer-removed peer ${foreign} of wgcni-pods`,
      ],
      async () => {
        await wg('mesh', 'peer', other.key, 'remove');
        await wg('pods', 'peer', foreign, 'allowed-ips', '10.64.200.1/32');
        await byHand('iptables', '-F', 'WGCNI-FORWARD');
        await byHand('nft', 'flush', 'table', 'inet', 'wgcni');
        await byHand('sysctl', '-qw', 'net.ipv4.ip_forward=0');
      },
    );
    expect(events).toHaveLength(5);
    await isWhole();
    expect(await byHand('wg', 'show', podsRef(nodes[0].nodeId).id, 'peers')).not.toContain(foreign);
  });

  it('a route removed, and a foreign peer in the mesh that takes the addresses of a node', async () => {
    const foreign = systemKeys.generate().publicKey;
    await told(
      [
        `repair.route-restored route ${other.subnet} of wgcni-mesh`,
        `repair.peer-removed peer ${foreign} of wgcni-mesh`,
        `repair.peer-corrected peer ${nodes[1].nodeId} of wgcni-mesh`,
      ],
      async () => {
        await byHand('ip', 'route', 'delete', other.subnet, 'dev', 'wgcni-mesh');
        await wg('mesh', 'peer', foreign, 'allowed-ips', other.subnet, 'endpoint', '198.51.100.9:7');
      },
    );
    await isWhole();
    expect(await byHand('wg', 'show', meshRef(nodes[0].nodeId).id, 'peers')).not.toContain(foreign);
  });

  it('an MTU changed, and the peer of a container wiped', async () => {
    await told(
      ['repair.link-corrected device wgcni-mesh', 'repair.peer-restored peer mesh/c1/eth0 of wgcni-pods'],
      async () => {
        await byHand('ip', 'link', 'set', 'wgcni-mesh', 'mtu', '1300');
        await wg('pods', 'peer', containerKey, 'remove');
      },
    );
    expect(await byHand('ip', 'link', 'show', 'wgcni-mesh')).toContain('mtu 1420');
    await isWhole();
  });

  it('a device removed, and then the other', async () => {
    await told(['repair.device-restored device wgcni-mesh'], () => byHand('ip', 'link', 'delete', 'wgcni-mesh'));
    await told(['repair.device-restored device wgcni-pods'], () => byHand('ip', 'link', 'delete', 'wgcni-pods'));
    await expect.poll(() => nodes[0].status().then(({ drift }) => drift), { timeout: 10_000 }).toEqual([]);
    await isWhole();
  });

  it('a pair whose packets are dropped, though both are alive; and well again when they are not', async () => {
    const subject = `tunnel to ${nodes[1].nodeId}`;
    const [broken] = (await told([`tunnel.broken ${subject}`], () => cut(udpBlock))).filter(
      ({ kind }) => kind === 'tunnel.broken',
    );
    expect(broken?.cause).toMatch(/^192\.0\.2\.2:51820 answers on the underlay/);
    const { tunnels } = await nodes[0].status();
    expect(tunnels).toMatchObject([{ peer: nodes[1].nodeId, state: 'broken', attempts: 1, isAlarm: false }]);
    // The other side finds it too, by looks of its own.
    const ofOther = { kind: 'tunnel.broken', subject: `tunnel to ${nodes[0].nodeId}` };
    const found = (): Promise<unknown> => nodes[1].events({ kind: 'tunnel' }).then(({ items }) => items[0]);
    await expect.poll(found, { timeout: 15_000 }).toMatchObject(ofOther);
    await told([`tunnel.well ${subject}`], () => cut('delete table inet test-cut\n'));
    await isWhole();
  });
});
