/**
 * What is not ours gets nothing through in our name, and what is ours leaves in clear for nobody.
 *
 *   stranger ── bridge ── n1 ── c1      stranger: a namespace on the underlay that routes the pools by n1, with pool addresses of its own
 *                    └─── n2 ── c2      then: c1 and c2 dial etcd and the cluster-manager (192.0.2.1), directly and by ways round
 *                                       then: n1's WireGuard processes killed, its node-manager stopped
 */
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ping, wireguardDevices } from '@wgcni/testing';
import { Capture } from './capture.ts';
import { all, go, openWays, waysOf } from './control-plane-ways.ts';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';
import { addStranger, strangerAddresses } from './stranger.ts';
import { dial } from './tcp-probe.ts';

const addressOf = (cidr: string): string => cidr.replace(/\/.*/, '');
const families = [
  { index: 0, length: 32, honest: addressOf(strangerAddresses[0]), pool: '10.64.0.0/12', own: '10.79.255.7' },
  { index: 1, length: 128, honest: addressOf(strangerAddresses[1]), pool: 'fd64::/48', own: 'fd64:0:0:ffff::7' },
] as const;

describe('a node that fails closed', () => {
  let scene: Scenario;
  let stranger: string;
  beforeAll(async () => {
    // The manager has no IPv6 address here: a server of the test stands for it.
    const nodeFlags = ['--manager', 'https://[2001:db8::1]:7001'];
    scene = await bringUp({ nodes: 2, containersPerNode: 1, managers: 1, etcd: 1 }, { nodeFlags });
    stranger = await addRoutedStranger(scene);
  });
  afterAll(() => scene.lab.down());

  it.each(families)(
    'delivers nothing that a stranger sends from an address of a pool ($pool), to a container or to the node',
    async ({ index, honest, own }) => {
      const [victim, other] = scene.places;
      const [target, neighbour] = [victim?.addresses[index] ?? '', other?.addresses[index] ?? ''];
      const gateway = await gatewayOf(scene, index);
      const heard = await Capture.start(victim?.netnsPath, 'eth0');
      const onNode = await Capture.start(scene.lab.plan.nodes[0]?.netnsPath, 'eth0');
      for (const forged of [own, neighbour, target, gateway]) {
        for (const at of [target, gateway].filter((address) => address !== forged))
          await pingFrom(stranger, forged, at);
      }
      await pingFrom(stranger, honest, target);
      const [delivered, arrived] = [await heard.stop(), await onNode.stop()];
      expect(await arrived.countOf(`src host ${own}`), 'forged packets reached the node').toBeGreaterThan(0);
      expect(await arrived.countOf(`(ip or ip6) and dst host ${own}`), 'answers of the node to a forged address').toBe(
        0,
      );
      for (const forged of [own, neighbour]) expect(await delivered.countOf(`src host ${forged}`), forged).toBe(0);
      // The way itself is open: who says honestly where he is gets through, with each of the two.
      expect(await delivered.countOf(`icmp[0] = 8 and src host ${honest} or icmp6 and src host ${honest}`)).toBe(2);
    },
  );

  it('lets no container reach etcd or a cluster-manager by any way, unless told to, and shuts off nothing else', async () => {
    const { lab, places } = scene;
    const [[node], [own, other]] = [lab.plan.nodes, places];
    if (node === undefined || own === undefined || other === undefined) throw new Error('the lab is too small');
    const gateways = await Promise.all([0, 1].map((index) => gatewayOf(scene, index)));
    const { closed, open } = waysOf(lab, node, [own, other], gateways);
    const endWays = await openWays(lab, node, 7001);
    try {
      expect(await go(closed)).toEqual(all(closed, 'nothing'));
      expect(await go(open)).toEqual(all(open, 'connected'));
      for (const address of other.addresses) expect(await ping(own.netnsPath, address), address).toBeDefined();
      // The host itself goes on: to those far away, and at each of its own addresses.
      const fromHost = closed.filter(({ name, from }) => from === own.netnsPath && !name.includes('redirection'));
      for (const { name, address, port } of fromHost)
        expect([name, await dial(node.netnsPath, address, port)]).toEqual([name, 'connected']);

      await lab.process(node.id).stop();
      lab.startNode(node, ['--containers-reach-control-plane']);
      await lab.nodeReady(node);
      expect(await go(closed)).toEqual(all(closed, 'connected'));
      await lab.process(node.id).stop();
      lab.startNode(node);
      await lab.nodeReady(node);
      expect(await go(closed)).toEqual(all(closed, 'nothing'));
    } finally {
      await endWays();
    }
  });

  it('sends nothing for the pools anywhere while its WireGuard is gone', async () => {
    const { lab, places } = scene;
    const [node] = lab.plan.nodes;
    if (node === undefined) throw new Error('the lab has no node');
    const manager = lab.process(node.id);
    // Nothing is mended meanwhile.
    manager.kill('SIGSTOP');
    try {
      const onBridge = await Capture.start(undefined, lab.plan.bridge);
      await killWireguard(node.netnsPath);
      const routes = await Promise.all(
        places.flatMap(({ addresses }) => addresses).map((address) => routeTo(node.netnsPath, address)),
      );
      for (const address of places[1]?.addresses ?? []) {
        await execa('nsenter', [`--net=${node.netnsPath}`, 'ping', '-c', '2', '-i', '0.2', '-W', '1', address], {
          reject: false,
        });
        await execa('nsenter', [`--net=${places[0]?.netnsPath}`, 'ping', '-c', '2', '-i', '0.2', '-W', '1', address], {
          reject: false,
        });
      }
      // What does leave by the default route is seen.
      await ping(node.netnsPath, '198.51.100.1', { count: 1 });
      const seen = await onBridge.stop();
      expect(await seen.countOf('dst host 198.51.100.1')).toBe(1);
      expect(routes.filter((route) => !/unreachable|No route to host|Network is unreachable/i.test(route))).toEqual([]);
      for (const { pool } of families) expect(await seen.linesOf(`net ${pool}`)).toEqual([]);
    } finally {
      manager.kill('SIGCONT');
    }
    await lab.nodeReady(node);
  });
});

/** A stranger that sends what is for the pools to the first node. */
async function addRoutedStranger({ lab: { plan } }: Scenario): Promise<string> {
  const path = await addStranger(plan);
  const [node] = plan.nodes;
  for (const { index, pool } of families) {
    const via = index === 0 ? node?.underlay.v4 : node?.underlay.v6;
    await inside(path, ['ip', 'route', 'add', pool, 'via', via ?? '']);
  }
  return path;
}

async function pingFrom(netnsPath: string, from: string, to: string): Promise<void> {
  const isV6 = from.includes(':');
  const address = `${from}/${isV6 ? 128 : 32}`;
  await execa(
    'nsenter',
    [`--net=${netnsPath}`, 'ip', 'address', 'add', address, 'dev', 'lo', ...(isV6 ? ['nodad'] : [])],
    { reject: false },
  );
  await execa('nsenter', [`--net=${netnsPath}`, 'ping', '-n', '-c', '2', '-i', '0.2', '-W', '1', '-I', from, to], {
    reject: false,
  });
  await execa('nsenter', [`--net=${netnsPath}`, 'ip', 'address', 'delete', address, 'dev', 'lo'], { reject: false });
}

async function gatewayOf({ lab }: Scenario, index: number): Promise<string> {
  const [node] = lab.plan.nodes;
  if (node === undefined) throw new Error('the lab has no node');
  const client = lab.nodeClient(node);
  const { items } = await client.attachments();
  await client.close();
  return items[0]?.addresses[index]?.gateway ?? '';
}

async function killWireguard(netnsPath: string): Promise<void> {
  for (const device of await wireguardDevices(netnsPath)) {
    const { stdout } = await execa('pgrep', ['--full', '--exact', `wireguard-go -f ${device}`], { reject: false });
    for (const pid of stdout.split('\n').filter((line) => line !== '')) process.kill(Number(pid), 'SIGKILL');
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
}

/** What the kernel says of the way to an address. */
async function routeTo(netnsPath: string, address: string): Promise<string> {
  const { stdout, stderr } = await execa('nsenter', [`--net=${netnsPath}`, 'ip', 'route', 'get', address], {
    reject: false,
  });
  return `${address}: ${stdout} ${stderr}`;
}
