/**
 * Two nodes and a container on each, all over the kernel's WireGuard:
 *
 *   container 1            node 1                                          node 2            container 2
 *   eth0 (wg) ──loopback── wgcni-pods, wgcni-mesh ══UDP 51820 on eth0══ wgcni-mesh, wgcni-pods ──loopback── eth0 (wg)
 *   10.64.1.2              10.64.1.1              192.0.2.1   192.0.2.2              10.64.2.1              10.64.2.2
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { ExecIpRoute, type KernelChange } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomDeviceId } from '../contract/index.ts';
import { systemKeys } from '../key-generator.ts';
import type { Peer } from '../peer.ts';
import type { DeviceRef, KeyPair } from '../port.ts';
import { KernelDevices } from './devices.ts';

interface Node {
  index: number;
  netns: ThrowawayNetns;
  container: ThrowawayNetns;
  runDir: string;
  devices: KernelDevices;
  ipRoute: ExecIpRoute;
  keys: Record<'mesh' | 'pods' | 'eth0', KeyPair>;
  refs: Record<'mesh' | 'pods' | 'eth0', DeviceRef>;
}

const mtu = 1420;
const ports = { mesh: 51_820, pods: 51_821, eth0: 61_000 };
const underlay = ({ index }: Node): string => `192.0.2.${index}`;
const gateways = ({ index }: Node): string[] => [`10.64.${index}.1`, `fd64:0:0:${index}::1`];
const addresses = ({ index }: Node): string[] => [`10.64.${index}.2`, `fd64:0:0:${index}::2`];
const subnets = ({ index }: Node): string[] => [`10.64.${index}.0/24`, `fd64:0:0:${index}::/64`];
const widthOf = (address: string): number => (address.includes(':') ? 128 : 32);

let one: Node;
let two: Node;

beforeAll(async () => {
  [one, two] = [await openNode(1), await openNode(2)];
  await one.netns.run(
    'ip',
    'link',
    'add',
    'name',
    'eth0',
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    two.netns.name,
  );
  for (const node of [one, two]) {
    await node.netns.run('ip', 'address', 'add', `${underlay(node)}/24`, 'dev', 'eth0');
    await node.netns.run('ip', 'link', 'set', 'eth0', 'up');
    await node.netns.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  }
  await joinMesh(one, two);
  await joinMesh(two, one);
  for (const node of [one, two]) await attach(node);
});

afterAll(async () => {
  for (const { netns, container, runDir } of [one, two]) {
    await container.close();
    await netns.close();
    await rm(runDir, { recursive: true });
  }
});

describe('two nodes over the kernel’s WireGuard', () => {
  it('join their containers, both ways and over both families', async () => {
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      for (const address of [...addresses(to), ...gateways(to)]) expect(await lossOf(from.container, address)).toBe(0);
    }
  });

  it('reach the containers of the other from their own host', async () => {
    for (const address of addresses(two)) expect(await lossOf(one.netns, address)).toBe(0);
  });

  it('carry packets of the whole MTU without a fragment', async () => {
    const [v4 = '', v6 = ''] = addresses(two);
    expect(await lossOf(one.container, v4, '-M', 'do', '-s', String(mtu - 28))).toBe(0);
    expect(await lossOf(one.container, v6, '-M', 'do', '-s', String(mtu - 48))).toBe(0);
  });

  it("keep a container's UDP socket in the node's namespace", async () => {
    expect(await one.netns.run('ss', '-Hlun')).toMatch(`:${ports.eth0} `);
    expect(await one.container.run('ss', '-Hlun')).toBe('');
  });

  it('forget a container that was detached, and keep the rest', async () => {
    await one.devices.remove(one.refs.eth0);
    await one.devices.change(one.refs.pods, [{ kind: 'remove', publicKey: one.keys.eth0.publicKey }]);
    expect(await one.devices.observe(one.refs.eth0)).toBeUndefined();
    expect((await one.devices.observe(one.refs.pods))?.peers).toEqual([]);
    expect(await one.container.run('ip', '-o', 'link')).not.toContain('eth0');
    await expect.poll(() => one.netns.run('ss', '-Hlun')).not.toMatch(`:${ports.eth0} `);
    for (const address of addresses(one)) expect(await lossOf(two.container, address)).toBe(100);
    for (const address of gateways(one)) expect(await lossOf(two.container, address)).toBe(0);
  });

  it('take the container back under its old address with a new key', async () => {
    one.keys.eth0 = systemKeys.generate();
    await attach(one);
    for (const address of addresses(one)) expect(await lossOf(two.container, address)).toBe(0);
  });
});

async function openNode(index: number): Promise<Node> {
  const [netns, container] = [await ThrowawayNetns.open(), await ThrowawayNetns.open()];
  const runDir = await mkdtemp('/dev/shm/wgcni-run-');
  const own = { ownNetns: netns.path };
  const keys = { mesh: systemKeys.generate(), pods: systemKeys.generate(), eth0: systemKeys.generate() };
  const refs = {
    mesh: { id: randomDeviceId(), name: 'wgcni-mesh' },
    pods: { id: randomDeviceId(), name: 'wgcni-pods' },
    eth0: { id: randomDeviceId(), name: 'eth0', netns: container.path },
  };
  const [devices, ipRoute] = [await KernelDevices.open({ runDir, ...own }), new ExecIpRoute(own)];
  return { index, netns, container, runDir, devices, ipRoute, keys, refs };
}

/** The node's own two devices: the mesh with the other node as peer, and the pods device, still without a peer. */
async function joinMesh(node: Node, other: Node): Promise<void> {
  const { devices, refs, keys, ipRoute } = node;
  const endpoint = `${underlay(other)}:${ports.mesh}`;
  await devices.create(refs.mesh, mtu);
  await devices.configure(refs.mesh, settings(node, 'mesh', [peerOf(other.keys.mesh, subnets(other), endpoint)]));
  await devices.create(refs.pods, mtu);
  await devices.configure(refs.pods, { privateKey: keys.pods.privateKey, listenPort: ports.pods, peers: [] });
  const [v4 = '', v6 = ''] = gateways(node);
  const routes = subnets(other).map((destination): KernelChange => {
    const source = destination.includes(':') ? v6 : v4;
    return { kind: 'set-route', route: { destination, kind: 'unicast', device: refs.mesh.name, source } };
  });
  await ipRoute.apply(
    [...linkUp(refs.pods.name, gateways(node), subnets(node)), up(refs.mesh.name), ...routes],
    undefined,
  );
}

/** One container, in the node-manager's order: the node's side first. */
async function attach(node: Node): Promise<void> {
  const { devices, refs, keys, ipRoute } = node;
  const inside = peerOf(
    keys.eth0,
    addresses(node).map((one) => `${one}/${widthOf(one)}`),
    `127.0.0.1:${ports.eth0}`,
  );
  await devices.change(refs.pods, [{ kind: 'add', peer: inside }]);
  await devices.create(refs.eth0, mtu);
  const everything = ['0.0.0.0/0', '::/0'];
  await devices.configure(
    refs.eth0,
    settings(node, 'eth0', [peerOf(keys.pods, everything, `127.0.0.1:${ports.pods}`)]),
  );
  await ipRoute.apply(linkUp(refs.eth0.name, addresses(node), everything), refs.eth0.netns);
}

function settings(node: Node, role: 'mesh' | 'eth0', peers: Peer[]) {
  return { privateKey: node.keys[role].privateKey, listenPort: ports[role], peers };
}

function peerOf({ publicKey }: KeyPair, allowedIps: string[], endpoint: string): Peer {
  return { publicKey, endpoint, allowedIps, keepaliveSec: 0 };
}

function up(name: string): KernelChange {
  return { kind: 'set-link', name, isUp: true };
}

function linkUp(link: string, own: string[], destinations: string[]): KernelChange[] {
  return [
    ...own.map((address): KernelChange => ({ kind: 'set-address', link, address, prefixLength: widthOf(address) })),
    up(link),
    ...destinations.map((destination): KernelChange => {
      return { kind: 'set-route', route: { destination, kind: 'unicast', device: link } };
    }),
  ];
}

/** Percent of two echo requests that were lost. */
async function lossOf(from: ThrowawayNetns, address: string, ...options: string[]): Promise<number> {
  const output = await from.run('sh', '-c', 'ping -c 2 -i 0.2 -W 2 -q "$@" || true', 'ping', ...options, address);
  return Number(/([0-9.]+)% packet loss/.exec(output)?.[1] ?? 100);
}
