/**
 * A network whose containers are joined by veth: everything reaches everything, a container sends only from its own addresses, what goes
 * between nodes is encrypted, and a change of the link leaves alone what runs. The nodes' FORWARD policy is DROP, as an engine leaves it.
 *
 *   c1 ── veth ── n1 ══╗           n: a namespace with a node-manager on the bridge;
 *   c1 ── veth ── n2 ══╩══ bridge   ══ is the mesh
 */
import { ping, planContainer, PingMonitor, reachEveryone, type NodePlan, type Place } from '@wgcni/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Capture } from './capture.ts';
import { all, go, openWays, waysOf } from './control-plane-ways.ts';
import { inside, sendUdp } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

let scene: Scenario;
let nodes: [NodePlan, NodePlan];
let places: [Place, Place];
beforeAll(async () => {
  // The manager has no IPv6 address here: a server of the test stands for it.
  const nodeFlags = ['--manager', 'https://[2001:db8::1]:7001'];
  scene = await bringUp({ nodes: 2, containersPerNode: 1, managers: 1, etcd: 1 }, { link: 'veth', nodeFlags });
  nodes = scene.lab.plan.nodes as typeof nodes;
  places = scene.places as typeof places;
  for (const { netnsPath } of nodes)
    for (const program of ['iptables', 'ip6tables']) await inside(netnsPath, [program, '--policy', 'FORWARD', 'DROP']);
});
afterAll(() => scene.lab.down());

const attach = async (node: NodePlan, n: number, c: number): Promise<Place> => {
  const container = planContainer(scene.lab.plan.name, n, c);
  const { ips } = await scene.lab.addContainer(node, container);
  const addresses = ips.map(({ address }) => address.replace(/\/.*/, ''));
  return { id: container.id, nodeId: node.id, netnsPath: container.netnsPath, addresses };
};
const attachments = async (node: NodePlan) => {
  const client = scene.lab.nodeClient(node);
  try {
    return (await client.attachments()).items;
  } finally {
    await client.close();
  }
};
const nodeEnds = async ({ netnsPath }: NodePlan): Promise<string[]> => {
  const { stdout } = await inside(netnsPath, ['ip', '-o', 'link', 'show', 'type', 'veth']);
  return stdout.match(/wgcni-v[0-9a-z]{8}/g) ?? [];
};

it('lets every container and every node host reach every container, and each its gateway, from the first packet on', async () => {
  const paths = await reachEveryone(scene.lab.plan, places);
  expect(paths).toHaveLength(2 * 2 + 2 * 2 * 2);
  expect(paths.filter(({ roundTripMs }) => roundTripMs === undefined)).toEqual([]);
  const late = await attach(nodes[0], 1, 2);
  for (const address of places[1].addresses) expect(await ping(late.netnsPath, address, { count: 1 })).toBeDefined();
  const [shown] = (await attachments(nodes[0])).filter(({ containerId }) => containerId === late.id);
  expect(shown).toMatchObject({ link: 'veth', publicKey: null });
  for (const { gateway } of shown?.addresses ?? []) expect(await ping(late.netnsPath, gateway)).toBeDefined();
});

it('carries what is for another node through the mesh alone; on its own node it is not encrypted', async () => {
  const payload = 'wgcni-known-payload-71c0de';
  const [end = ''] = await nodeEnds(nodes[0]);
  const onBridge = await Capture.start(undefined, scene.lab.plan.bridge);
  const onNode = await Capture.start(nodes[0].netnsPath, end);
  const senders = [...scene.places, planContainer(scene.lab.plan.name, 1, 2)];
  for (const from of senders)
    for (const address of places[1].addresses) await sendUdp(from.netnsPath, address, payload);
  const [bridge, node] = [await onBridge.stop(), await onNode.stop()];
  expect(await bridge.countOf('udp port 51820')).toBeGreaterThan(1);
  expect(bridge.holds(payload)).toBe(false);
  expect(node.holds(payload)).toBe(true);
});

it('lets nothing through that a container sends from an address that is not its own', async () => {
  const [liar, victim] = places;
  const neighbour = (await attachments(nodes[0])).at(-1)?.addresses.map(({ address }) => address.replace(/\/.*/, ''));
  const forgeries = [...(neighbour ?? []), '203.0.113.7', '2001:db8:ffff::7'].map((forged) => {
    const isV6 = forged.includes(':');
    const target = victim.addresses[isV6 ? 1 : 0] ?? '';
    return { forged, target, address: isV6 ? [`${forged}/128`, 'nodad'] : [`${forged}/32`] };
  });
  expect(forgeries).toHaveLength(4);
  const heard = await Capture.start(victim.netnsPath, 'eth0');
  for (const { address } of forgeries)
    await inside(liar.netnsPath, ['ip', 'address', 'add', ...address, 'dev', 'eth0']);
  const answers = forgeries.map(({ forged, target }) => ping(liar.netnsPath, target, { from: forged }));
  expect(await Promise.all(answers)).toEqual(forgeries.map(() => undefined));
  for (const { address } of forgeries)
    await inside(liar.netnsPath, ['ip', 'address', 'delete', address[0] ?? '', 'dev', 'eth0']);
  for (const [index, own] of liar.addresses.entries())
    expect(await ping(liar.netnsPath, victim.addresses[index] ?? '', { from: own }), own).toBeDefined();
  const seen = await heard.stop();
  for (const { forged } of forgeries) expect(await seen.countOf(`src host ${forged}`), forged).toBe(0);
  for (const own of liar.addresses) expect(await seen.countOf(`src host ${own}`), own).toBeGreaterThan(0);
});

it('keeps containers away from etcd and the cluster-managers by every way, and from other services of nodes without a rule', async () => {
  const [shown] = await attachments(nodes[0]);
  const gateways = (shown?.addresses ?? []).map(({ gateway }) => gateway);
  const { closed, open } = waysOf(scene.lab, nodes[0], places, gateways);
  const endWays = await openWays(scene.lab, nodes[0], 7001);
  try {
    // Of a node's other services a rule decides, which stands; of the control plane none does.
    expect(await go(closed)).toEqual(all(closed, 'nothing'));
    expect(await go(open)).toEqual(all(open, 'connected'));
    const manager = scene.lab.managerClient();
    await manager.deleteRule('services');
    await manager.close();
    for (const node of nodes) await scene.lab.nodeStatusWhere(node, ({ policy }) => policy?.rules.length === 0);
    const onNodes = open.filter(({ address }) => gateways.includes(address));
    expect(await go(onNodes)).toEqual(all(onNodes, 'nothing'));
  } finally {
    await endWays();
  }
});

it('keeps what runs when the link changes and the node-manager is killed, and joins the next in the new way', async () => {
  const ends = await nodeEnds(nodes[0]);
  await scene.lab.setLink('wireguard');
  const monitor = new PingMonitor(places[0].netnsPath, places[1].addresses[1] ?? '');
  await monitor.underWay();
  scene.lab.process(nodes[0].id).kill('SIGKILL');
  expect(await scene.lab.process(nodes[0].id).ended(10_000)).toBe(true);
  scene.lab.startNode(nodes[0]);
  await scene.lab.nodeReady(nodes[0]);
  expect((await monitor.stop()).lost).toEqual([]);
  const tunnel = await attach(nodes[0], 1, 3);
  expect(await nodeEnds(nodes[0])).toEqual(ends);
  expect((await attachments(nodes[0])).map(({ link }) => link)).toEqual(['veth', 'veth', undefined]);
  for (const from of places)
    for (const address of tunnel.addresses) expect(await ping(from.netnsPath, address), from.id).toBeDefined();
});
