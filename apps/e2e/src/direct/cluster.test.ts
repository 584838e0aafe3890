/**
 * Containers of two nodes that are each other's direct peers, past both nodes' routing.
 *
 *   c1 c2 ── n1 ══ bridge ══ n2 ── c1 c2        by the nodes: wgcni-pods, wgcni-mesh, wgcni-pods
 *    └──────────── UDP 61000… ────────┘         directly: each container's own device
 */
import { deleteContainer, ping, PingMonitor, type Place, planContainer, removeNetns } from '@wgcni/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Capture } from '../capture.ts';
import { inside } from '../inside.ts';
import { bringUp, type Scenario } from '../scenario.ts';

describe('containers of two nodes', () => {
  let scene: Scenario;
  let here: Place;
  let there: Place;
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 2, managers: 1, etcd: 1 });
    [here, there] = scene.lab.plan.nodes.map((node) => placeOf(scene.placesOf(node))) as [Place, Place];
  });
  afterAll(() => scene.lab.down());

  async function choose(direct: 'off' | 'cluster'): Promise<void> {
    const client = scene.lab.managerClient();
    await client.setNetwork({ direct }).finally(() => client.close());
  }

  /** Both nodes have so many pairs with the other's containers, and wait for none. */
  async function bothHave(farPairs: number, timeoutMs: number): Promise<void> {
    for (const node of scene.lab.plan.nodes)
      await scene.lab.nodeStatusWhere(
        node,
        ({ direct }) => direct.farPairs === farPairs && direct.farDue === 0 && direct.due === 0,
        timeoutMs,
      );
  }

  /** Packets between the two on either node's devices, and UDP between the nodes that is not the mesh's, while each asks the other. */
  async function seenBetween(): Promise<{ byNodes: number; directly: number; atGateways: number }> {
    const [one, two] = scene.lab.plan.nodes;
    if (one === undefined || two === undefined) throw new Error('there are two nodes');
    const captures = await Promise.all([
      ...[one, two].flatMap(({ netnsPath }) =>
        ['wgcni-mesh', 'wgcni-pods'].map((device) => Capture.start(netnsPath, device)),
      ),
      Capture.start(one.netnsPath, 'eth0'),
    ]);
    for (const address of there.addresses) expect(await ping(here.netnsPath, address)).toBeDefined();
    for (const address of here.addresses) expect(await ping(there.netnsPath, address)).toBeDefined();
    // What the captures would not miss.
    const gateway = await gatewayOf(two.id);
    expect(await ping(here.netnsPath, gateway)).toBeDefined();
    const [underlay, ...devices] = (await Promise.all(captures.map((capture) => capture.stop()))).reverse();
    const pairs = here.addresses.map((address, index) => `(host ${address} and host ${there.addresses[index]})`);
    const count = async (filter: string): Promise<number> =>
      (await Promise.all(devices.map((frames) => frames.countOf(filter)))).reduce((sum, one) => sum + one, 0);
    return {
      byNodes: await count(pairs.join(' or ')),
      directly: (await underlay?.countOf('udp portrange 61000-65535')) ?? 0,
      atGateways: await count(`host ${gateway} and host ${here.addresses[0]}`),
    };
  }

  async function gatewayOf(nodeId: string): Promise<string> {
    const node = scene.lab.plan.nodes.find(({ id }) => id === nodeId);
    if (node === undefined) throw new Error(`there is no node ${nodeId}`);
    const client = scene.lab.nodeClient(node);
    const { items } = await client.attachments().finally(() => client.close());
    return items[0]?.addresses.find(({ gateway }) => gateway.includes('.'))?.gateway ?? '';
  }

  it('send by their nodes until the network wants otherwise, and lose each other for no second when it does', async () => {
    expect(await seenBetween()).toMatchObject({ directly: 0 });
    const monitors = [new PingMonitor(here.netnsPath, v4(there)), new PingMonitor(there.netnsPath, v4(here))];
    await Promise.all(monitors.map((monitor) => monitor.underWay()));
    await choose('cluster');
    await bothHave(4, 30_000);
    const results = await Promise.all(monitors.map((monitor) => monitor.stop()));
    console.log(JSON.stringify({ changingOver: results.map(({ longestGapMs, sent }) => ({ longestGapMs, sent })) }));
    for (const { longestGapMs } of results) expect(longestGapMs).toBeLessThan(1_000);
  });

  it('then show no packet to each other on any device of the nodes, and still reach what is no direct peer by them', async () => {
    const { byNodes, directly, atGateways } = await seenBetween();
    expect(byNodes).toBe(0);
    expect(directly).toBeGreaterThan(0);
    expect(atGateways).toBeGreaterThan(0);
  });

  it('lose nothing while another joins and leaves, which all of them meet and forget', async () => {
    const [, node] = scene.lab.plan.nodes;
    if (node === undefined) throw new Error('there are two nodes');
    const third = planContainer(scene.lab.plan.name, 2, 3);
    const monitor = new PingMonitor(here.netnsPath, v4(there));
    await monitor.underWay();
    const { ips } = await scene.lab.addContainer(node, third);
    await bothHave(6, 30_000);
    const address = ips.find((one) => one.address.includes('.'))?.address.replace(/\/.*/, '') ?? '';
    expect(await ping(here.netnsPath, address)).toBeDefined();
    await deleteContainer(scene.lab.programs.plugin, node, third);
    await removeNetns(third.netns);
    await bothHave(4, 15_000);
    const { lost, sent } = await monitor.stop();
    expect({ lost, enough: sent > 100 }).toEqual({ lost: [], enough: true });
  });

  it('notice nothing of a node-manager that is killed and starts again while its store is out of reach', async () => {
    const [node] = scene.lab.plan.nodes;
    if (node === undefined) throw new Error('there are two nodes');
    const monitors = [new PingMonitor(here.netnsPath, v4(there)), new PingMonitor(there.netnsPath, v4(here))];
    await Promise.all(monitors.map((monitor) => monitor.underWay()));
    const { port } = new URL(scene.lab.plan.etcd[0]?.clientUrl ?? '');
    const etcd = (change: string): string[] => [
      'iptables',
      change,
      'OUTPUT',
      '-p',
      'tcp',
      '--dport',
      port,
      '-j',
      'DROP',
    ];
    await inside(node.netnsPath, etcd('-I'));
    const old = scene.lab.process(node.id);
    old.kill('SIGKILL');
    expect(await old.ended(5_000)).toBe(true);
    scene.lab.startNode(node);
    // From its view on disk it knows them all.
    await scene.lab.nodeStatusWhere(node, ({ direct, isViewStored }) => isViewStored && direct.farPairs === 4, 15_000);
    await inside(node.netnsPath, etcd('-D'));
    await bothHave(4, 15_000);
    for (const { lost } of await Promise.all(monitors.map((monitor) => monitor.stop()))) expect(lost).toEqual([]);
  });

  it('send by their nodes again when the option is taken back, and no port of theirs is open to another node', async () => {
    const monitor = new PingMonitor(here.netnsPath, v4(there));
    await monitor.underWay();
    await choose('off');
    await bothHave(0, 15_000);
    expect((await monitor.stop()).longestGapMs).toBeLessThan(1_000);
    const { byNodes, directly } = await seenBetween();
    expect({ directly, byNodes: byNodes > 0 }).toEqual({ directly: 0, byNodes: true });
    for (const { netnsPath } of scene.lab.plan.nodes) {
      const { stdout } = await inside(netnsPath, ['iptables', '-S', 'WGCNI-INPUT']);
      expect(stdout.split('\n').filter((rule) => rule.includes('-s ') && rule.includes('ACCEPT'))).toEqual([]);
    }
  });
});

function placeOf([place]: readonly Place[]): Place {
  if (place === undefined) throw new Error('the node has no container');
  return place;
}

function v4({ addresses }: Place): string {
  return addresses.find((address) => address.includes('.')) ?? '';
}
