/**
 * Every container reaches every other, and nothing else sees or forges its packets.
 *
 *   c1 c2 ── n1 ──┐            each c is a namespace whose only link is its WireGuard device,
 *   c1 c2 ── n2 ──┼── bridge   each n a namespace with a node-manager, 192.0.2.1n on the bridge;
 *   c1 c2 ── n3 ──┘            etcd and the cluster-managers at 192.0.2.1
 */
import { Dialer } from '@wgcni/api';
import { credentialsOf, type NodePlan, ping, reachEveryone, readCredentials, until } from '@wgcni/testing';
import { execa } from 'execa';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Capture } from './capture.ts';
import { inside, sendUdp } from './inside.ts';
import { readText, serveText } from './runtimes/tcp.ts';
import { bringUp, type Scenario } from './scenario.ts';

const port = 8_080;

describe('a mesh of three nodes with two containers each', () => {
  let scene: Scenario;
  beforeAll(async () => {
    scene = await bringUp();
  });
  afterAll(() => scene.lab.down());

  it('gives every container one address of each family, all distinct', () => {
    const addresses = scene.places.flatMap((place) => place.addresses);
    expect(addresses).toHaveLength(12);
    expect(new Set(addresses).size).toBe(12);
    expect(scene.places.every(({ addresses: [v4, v6] }) => v4?.includes('.') && v6?.includes(':'))).toBe(true);
  });

  it('lets every container and every node host reach every container, over IPv4 and IPv6', async () => {
    const paths = await reachEveryone(scene.lab.plan, scene.places);
    expect(paths).toHaveLength(6 * 5 * 2 + 3 * 6 * 2);
    expect(paths.filter(({ roundTripMs }) => roundTripMs === undefined)).toEqual([]);
  });

  it('is shown as every node tells it, whichever cluster-manager heard that', async () => {
    const client = scene.lab.managerClient();
    const overview = await until(20_000, 'a report of each node, with its containers and every tunnel up', async () => {
      const shown = await client.overview();
      const told = shown.nodes.map(({ report }) => [report?.peers, report?.tunnelsNotUp, report?.attachments]);
      return told.every((each) => each.join() === '2,0,2') ? shown : new Error(JSON.stringify(told));
    });
    expect(overview.replicas.map(({ isHeard }) => isHeard)).not.toContain(false);
    expect(overview.pools.map(({ taken, blocks }) => [taken, blocks.length])).toEqual([
      [3, 3],
      [3, 3],
    ]);
    const { attachments } = await client.report(scene.lab.plan.nodes[0]?.id ?? '');
    expect(attachments.map(({ state }) => state)).toEqual(['answered', 'answered']);
    await client.close();
  });

  it('is shown to people on a page of the built program, and to nodes on none', async () => {
    const { plan, authority } = scene.lab;
    const [manager, node] = [plan.managers[0], plan.nodes[0]];
    await authority.write('people/rob', { uris: [`wgcni://${plan.cluster}/operator/read/rob`] });
    const asked = await Promise.all(
      ['people/rob', node?.id ?? ''].map(async (name) => {
        const credentials = readCredentials(credentialsOf(plan, name));
        const dialer = new Dialer({ connectTimeoutMs: 1_000, answerTimeoutMs: 4_000 }, credentials);
        const answer = await request(`${manager?.url}/ui/`, { dispatcher: dialer.agent });
        const text = await answer.body.text();
        await dialer.close();
        return { status: answer.statusCode, policy: answer.headers['content-security-policy'], text };
      }),
    );
    expect(asked).toMatchObject([
      { status: 200, policy: expect.stringContaining("default-src 'none'"), text: expect.stringContaining('<script>') },
      { status: 403, policy: undefined, text: expect.stringContaining('identity.refused') },
    ]);
  });

  /** The addresses of a node in the pools, as its containers have them for gateways. */
  async function gatewaysOf(node: NodePlan): Promise<string[]> {
    const client = scene.lab.nodeClient(node);
    const { items } = await client.attachments();
    await client.close();
    return [...new Set(items.flatMap(({ addresses }) => addresses.map(({ gateway }) => gateway)))];
  }

  it('answers every container at the gateways of its own and of every other node', async () => {
    for (const node of scene.lab.plan.nodes) {
      const gateways = await gatewaysOf(node);
      expect(gateways).toHaveLength(2);
      for (const { id, netnsPath } of scene.places)
        for (const gateway of gateways) expect(await ping(netnsPath, gateway), `${id} → ${gateway}`).toBeDefined();
    }
  });

  it('lets a process on any node connect to every container, from the address of its gateway', async () => {
    const stop = await Promise.all(scene.places.map(({ netnsPath }) => serveText(netnsPath, port)));
    try {
      for (const node of scene.lab.plan.nodes) {
        const own = await gatewaysOf(node);
        for (const address of scene.places.flatMap(({ addresses }) => addresses)) {
          const source = own.find((gateway) => gateway.includes(':') === address.includes(':'));
          expect(await readText(node.netnsPath, address, port), `${node.id} → ${address}`).toBe(source);
        }
      }
    } finally {
      await Promise.all(stop.map((end) => end()));
    }
  });

  it('gives a container no interface but loopback and its WireGuard link, and default routes of both families through it', async () => {
    for (const { netnsPath } of scene.places) {
      const links = JSON.parse((await inside(netnsPath, ['ip', '-j', 'link'])).stdout) as { ifname: string }[];
      expect(links.map(({ ifname }) => ifname).sort()).toEqual(['eth0', 'lo']);
      expect((await inside(netnsPath, ['ip', 'route'])).stdout).toContain('default dev eth0');
      expect((await inside(netnsPath, ['ip', '-6', 'route'])).stdout).toContain('default dev eth0');
    }
  });

  it('shows only UDP 51820 between the nodes beside ARP, NDP, echoes between nodes and the control plane, and a known payload in no frame anywhere', async () => {
    const { plan } = scene.lab;
    const payload = 'wgcni-known-payload-5c1f3a';
    const onBridge = await Capture.start(undefined, plan.bridge);
    const onLoopbacks = await Promise.all(plan.nodes.map((node) => Capture.start(node.netnsPath, 'lo')));
    for (const from of scene.places) {
      for (const to of scene.places.filter(({ id }) => id !== from.id)) {
        for (const address of to.addresses) await sendUdp(from.netnsPath, address, payload);
      }
      await ping(from.netnsPath, scene.places.find(({ nodeId }) => nodeId !== from.nodeId)?.addresses[0] ?? '');
    }
    const bridge = await onBridge.stop();
    const loopbacks = await Promise.all(onLoopbacks.map((capture) => capture.stop()));

    expect(await bridge.countOf('udp port 51820'), 'the mesh was in use').toBeGreaterThan(20);
    for (const loopback of loopbacks)
      expect(await loopback.countOf('udp'), 'the pod tunnels were in use').toBeGreaterThan(5);
    // By echoes from node to node the paths are tried.
    const betweenNodes = `(icmp and src net 192.0.2.0/24 and dst net 192.0.2.0/24)`;
    const allowed = `udp port 51820 or arp or icmp6 or ${betweenNodes} or (host ${plan.control.v4} and tcp) or ether proto 0x9000`;
    expect(await bridge.linesOf(`not (${allowed})`)).toEqual([]);
    for (const capture of [bridge, ...loopbacks]) expect(capture.holds(payload)).toBe(false);
  });

  it('lets nothing through that a container sends from an address that is not its own', async () => {
    const [liar, victim] = [scene.places[0], scene.places[2]];
    const neighbour = scene.places[1];
    if (liar === undefined || victim === undefined || neighbour === undefined)
      throw new Error('the lab has too few containers');
    for (const index of [0, 1]) {
      const target = victim.addresses[index] ?? '';
      for (const forged of [neighbour.addresses[index] ?? '', index === 0 ? '203.0.113.7' : '2001:db8:ffff::7']) {
        const length = index === 0 ? '32' : '128';
        await inside(liar.netnsPath, [
          'ip',
          'address',
          'add',
          `${forged}/${length}`,
          'dev',
          'eth0',
          ...(index === 0 ? [] : ['nodad']),
        ]);
        const heard = await Capture.start(victim.netnsPath, 'eth0');
        await execa(
          'nsenter',
          [`--net=${liar.netnsPath}`, 'ping', '-n', '-c', '3', '-i', '0.2', '-W', '1', '-I', forged, target],
          { reject: false },
        );
        const honest = await ping(liar.netnsPath, target, { from: liar.addresses[index] ?? '' });
        const seen = await heard.stop();
        await inside(liar.netnsPath, ['ip', 'address', 'delete', `${forged}/${length}`, 'dev', 'eth0']);
        expect(honest, 'the honest address still gets through').toBeDefined();
        expect(await seen.countOf(`src host ${forged}`)).toBe(0);
        expect(await seen.countOf(`src host ${liar.addresses[index] ?? ''}`)).toBeGreaterThan(0);
      }
    }
  });
});
