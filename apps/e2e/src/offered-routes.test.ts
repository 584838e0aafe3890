/**
 * A database network behind a node, offered to the mesh, and what leaves the cluster otherwise:
 *
 *   c1 ── n1 ── bridge ── n2 ── lan0 ── db        db is in 192.168.50.0/24 and fd50::/64, and knows no way to the pools;
 *   c2 ────────────────── n2                      n2 forwards nothing by itself (a DROP policy), and has 192.168.50.1
 */
import { ping, type NodePlan, type Place, until } from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Capture } from './capture.ts';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

const routes = ['192.168.50.0/24', 'fd50::/64'];
const database = ['192.168.50.9', 'fd50::9'];
const gateway = ['192.168.50.1', 'fd50::1'];

describe('a network behind a node', () => {
  let scene: Scenario;
  let near: NodePlan;
  let far: NodePlan;
  let db: string;
  let guest: Place;
  beforeAll(async () => {
    scene = await bringUp({ nodes: 2, containersPerNode: 1, managers: 1, etcd: 1 });
    [far, near] = scene.lab.plan.nodes as [NodePlan, NodePlan];
    guest = scene.placesOf(far)[0] as Place;
    db = await addDatabase(scene, near);
    await scene.lab.process(near.id).stop();
    scene.lab.startNode(near, ['--advertise', routes.join(',')]);
    await scene.lab.nodeReady(near);
  });
  afterAll(() => scene.lab.down());

  const wgcni = (...words: string[]) => execa(scene.lab.programs.wgcni, [...scene.lab.wgcniFlags(), ...words]);
  const reaches = async (from: { netnsPath: string }, patienceMs = 2_000): Promise<boolean[]> =>
    Promise.all(
      database.map(async (address) => (await ping(from.netnsPath, address, { count: 1, patienceMs })) !== undefined),
    );
  const untilReached = (expected: boolean) =>
    until(10_000, `the database is ${expected ? 'reached' : 'cut off'}`, async () => {
      // Who waits for an answer asks again soon; that none comes is believed after two seconds.
      const found = await reaches(guest, expected ? 500 : 2_000);
      return found.every((one) => one === expected) ? found : new Error(JSON.stringify(found));
    });
  /** Until the database sees the guest under its own addresses, to which it knows no way. */
  const untilSeen = () =>
    until(10_000, 'the database sees the guest itself', async () => {
      const seen = await Capture.start(db, 'eth0');
      const found = await reaches(guest, 300);
      const capture = await seen.stop();
      const counts = await Promise.all(guest.addresses.map((address) => capture.countOf(`src host ${address}`)));
      const isSeen = counts.every((count) => count > 0) && !found.includes(true);
      return isSeen ? counts : new Error(JSON.stringify({ counts, found }));
    });

  it('is reached by nobody in the mesh before an operator approves it, and by everybody then', async () => {
    expect(await reaches(guest)).toEqual([false, false]);
    expect((await wgcni('route', 'list')).stdout).toContain('not approved');
    const seen = await Capture.start(db, 'eth0');
    for (const route of routes) await wgcni('route', 'approve', near.id, route);
    await untilReached(true);
    expect(await reaches(far)).toEqual([true, true]);
    expect(await reaches(scene.placesOf(near)[0] as Place)).toEqual([true, true]);
    const capture = await seen.stop();
    // It sees the node that offers it, and no address of the pools, to which it knows no way.
    for (const address of gateway) expect(await capture.countOf(`src host ${address}`), address).toBeGreaterThan(0);
    for (const pool of scene.lab.plan.pools)
      expect(await capture.linesOf(`net ${pool.replace(/:[0-9]+$/, '')}`)).toEqual([]);
    expect((await wgcni('route', 'list')).stdout).toContain('in effect');
  });

  it('sees the addresses of containers themselves when the network hides nobody, within seconds', async () => {
    for (const [option, shown, hidden] of [
      ['--masquerade', 'off', 'auto'],
      ['--masquerade-except', routes.join(','), 'none'],
    ] as const) {
      await wgcni('network', 'set', option, shown);
      await untilSeen();
      await wgcni('network', 'set', option, hidden);
      await untilReached(true);
    }
  });

  it('is reached no more when it is withdrawn, and no route is left', async () => {
    for (const route of routes) await wgcni('route', 'withdraw', near.id, route);
    await untilReached(false);
    for (const family of ['-4', '-6']) {
      const { stdout } = await inside(far.netnsPath, ['ip', family, 'route', 'show', 'proto', '87']);
      for (const route of routes) expect(stdout).not.toContain(route);
    }
  });

  it('or anything else outside is reached under the address that a node was told', async () => {
    const { lab } = scene;
    const source = '192.0.2.199';
    await inside(far.netnsPath, ['ip', 'address', 'add', `${source}/24`, 'dev', 'eth0']);
    await lab.process(far.id).stop();
    lab.startNode(far, ['--egress-source', source]);
    await lab.nodeReady(far);
    const seen = await Capture.start(undefined, lab.plan.bridge);
    expect(await ping(guest.netnsPath, lab.plan.control.v4)).toBeDefined();
    const capture = await seen.stop();
    expect(await capture.countOf(`icmp and src host ${source} and dst host ${lab.plan.control.v4}`)).toBeGreaterThan(0);
    expect(await capture.countOf(`icmp and src host ${far.underlay.v4} and dst host ${lab.plan.control.v4}`)).toBe(0);
  });
});

/** The network behind a node, with one machine in it; its namespace is found by its name when the lab is taken down. */
async function addDatabase({ lab: { plan } }: Scenario, node: NodePlan): Promise<string> {
  const netns = `wgcni-${plan.name}-db`;
  const path = `/run/netns/${netns}`;
  await execa('ip', ['netns', 'add', netns]);
  await inside(node.netnsPath, ['ip', 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
  for (const [where, link, addresses] of [
    [node.netnsPath, 'lan0', gateway],
    [path, 'eth0', database],
  ] as const) {
    await inside(where, ['ip', 'link', 'set', link, 'up']);
    await inside(where, ['ip', 'address', 'add', `${addresses[0]}/24`, 'dev', link]);
    await inside(where, ['ip', 'address', 'add', `${addresses[1]}/64`, 'dev', link, 'nodad']);
  }
  await inside(node.netnsPath, ['iptables', '-P', 'FORWARD', 'DROP']);
  await inside(node.netnsPath, ['ip6tables', '-P', 'FORWARD', 'DROP']);
  return path;
}
