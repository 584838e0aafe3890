/**
 * A whole node on the real kernel whose cluster-manager turns up inside a network that another node offers; the name service is the test's.
 *
 *   n1 ── eth0 192.0.2.1 ══veth══ nobody
 *   192.0.2.9 (n9, a record alone) offers 203.0.113.0/24, and 203.0.113.7 is what the name of the manager stands for in the end
 */
import { systemClock } from '@wgcni/base';
import type { IpRoute } from '@wgcni/iproute';
import { MemoryStore } from '@wgcni/store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { RealNode } from '../testing/real-node.ts';
import type { TunnelProbe } from '../tunnels/tunnel-probe.ts';

/** Every tunnel carries packets: one that is mended wakes the mesh. */
const allAlive: TunnelProbe = { alive: (addresses) => Promise.resolve(new Set(addresses)) };
/** Of the kernel the node hears nothing more, once the test says so. */
function hushed(iproute: IpRoute, isHushed: () => boolean): IpRoute {
  async function* changes(...given: Parameters<IpRoute['changes']>): AsyncIterable<void> {
    for await (const _ of iproute.changes(...given)) if (!isHushed()) yield;
  }
  return new Proxy(iproute, {
    get: (target, name) => {
      const value: unknown = name === 'changes' ? changes : Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(target) : value;
    },
  });
}

const lan = '203.0.113.0/24';
let directory: string;
let node: RealNode;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wgcni-moved-'));
  node = await RealNode.open(directory);
  await node.netns.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'nobody');
  for (const name of ['eth0', 'nobody']) await node.netns.run('ip', 'link', 'set', name, 'up');
  await node.netns.run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'eth0');
});
afterAll(async () => {
  await node?.close();
  await rm(directory, { recursive: true, force: true });
});

it('the way to a manager is not led into the mesh any more as soon as its name stands for an address of an offered route', async () => {
  const cluster = new FakeCluster(MemoryStore.alone(systemClock));
  await cluster.putNetwork();
  await cluster.putNode({ nodeId: 'n9', endpoints: ['192.0.2.9:51820'], offers: [lan], routes: [lan] });
  let asked = 0;
  let moves: (addresses: string[]) => void = () => undefined;
  const moved = new Promise<string[]>((resolve) => (moves = resolve));
  // The start knows where it is; what the running node asks for next is answered when the test says so.
  node.resolveHost = () => ((asked += 1) === 1 ? Promise.resolve(['198.51.100.7']) : moved);
  let isHushed = false;
  await node.start(cluster, ['--endpoint', '192.0.2.1:51820', '--manager', 'http://localhost:1'], (ports) => ({
    ...{ ...ports, tunnelProbe: allAlive, iproute: hushed(ports.iproute, () => isHushed) },
  }));
  const wayThere = () => node.netns.run('ip', 'route', 'show', lan);
  await expect.poll(wayThere, { timeout: 20_000 }).toContain('dev wgcni-mesh');
  expect(asked).toBe(2);
  // What the node heard of before is followed by then; from now on nothing wakes the mesh but what this is about, and its look once a minute.
  isHushed = true;
  await systemClock.sleep(2_000);
  expect(await wayThere()).toContain('dev wgcni-mesh');
  moves(['203.0.113.7']);
  await expect.poll(wayThere, { timeout: 10_000 }).not.toContain('dev wgcni-mesh');
});
