/**
 * Containers of one node that are each other's peers, over real WireGuard:
 *
 *   one: eth0 (wg) ──────┬── wgcni-pods (wg) of node, 192.0.2.9 on its loopback
 *     ╲ past the node    │
 *   two: eth0 (wg) ──────┤
 *     ╲                  │
 *   three: eth0 (wg) ────┘
 */
import { noFaultPoints, silentLog, systemClock, systemRandom } from '@wgcni/base';
import { ExecIpRoute, ExecSysctl } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { detectBackend, openDevices, systemKeys, type WgDevices } from '@wgcni/wg';
import { closePlace, openPlace, type RealPlace } from '@wgcni/wg/contract';
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Attachments, kernelBootId } from '../attachments/index.ts';
import { deviceOf } from '../attachments/container-device.ts';
import { inputFor, keyNamed, viewOf } from '../attachments/fake-node.ts';
import { parseUdpTable } from '../attachments/udp-ports.ts';
import { keepNodeKey } from '../keys/node-key.ts';
import { podsRef } from '../pods/pods-device.ts';
import { ReconcileLoop } from '../reconcile-loop.ts';
import { RepairBook } from '../repair/repair-book.ts';
import { DirectPeers } from './direct-peers.ts';

const nodeId = `node-${randomBytes(4).toString('hex')}`;
const backend = await detectBackend();
const keys = ['one', 'two', 'three'].map((name) => keyNamed(name));
const outside = '192.0.2.9';

let place: RealPlace;
let others: ThrowawayNetns[];
let dataDir: string;
let devices: WgDevices;
let attachments: Attachments;
let direct: DirectPeers;
let isOn = true;
let end: () => Promise<void> = async () => {};

beforeAll(async () => {
  place = await openPlace();
  others = [await ThrowawayNetns.open(), await ThrowawayNetns.open()];
  dataDir = await mkdtemp(join(tmpdir(), 'wgcni-direct-'));
  for (const family of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'])
    await place.node.run('sysctl', '-qw', `${family}=1`);
  await place.node.run('ip', 'address', 'add', `${outside}/32`, 'dev', 'lo');
  await open();
});
afterAll(async () => {
  await end();
  for (const key of keys) await attachments.release(key);
  if (backend === 'userspace') await devices.remove({ id: podsRef(nodeId).id, name: podsRef(nodeId).id });
  for (const netns of others) await netns.close();
  await closePlace(place);
  await rm(dataDir, { recursive: true });
});

describe('containers of one node', () => {
  it('become direct peers after their ADD has answered', async () => {
    for (const index of [0, 1]) await add(index);
    await expect.poll(() => direct.status(), { timeout: 10_000, interval: 20 }).toMatchObject({ pairs: 1, due: 0 });
  });

  it('show no packet to each other on the device of the node, over both families', async () => {
    const [one, two] = [addresses(0), addresses(1)];
    const seen = await seenOnPods(async () => {
      for (const family of [0, 1]) expect(await lossOf(netnsOf(0), two[family])).toBe(0);
      for (const family of [0, 1]) expect(await lossOf(netnsOf(1), one[family])).toBe(0);
      // What the capture would not miss.
      expect(await lossOf(netnsOf(0), outside)).toBe(0);
    });
    const between = seen.filter(
      (line) => one.some((from) => line.includes(from)) && two.some((to) => line.includes(to)),
    );
    expect(between).toEqual([]);
    expect(seen.filter((line) => line.includes(outside)).length).toBeGreaterThan(0);
  });

  it('still reach the gateway, and addresses that are no direct peer, by the node', async () => {
    for (const index of [0, 1]) {
      for (const { gateway } of attachments.get(key(index)).addresses)
        expect(await lossOf(netnsOf(index), gateway)).toBe(0);
      expect(await lossOf(netnsOf(index), outside)).toBe(0);
    }
  });

  it('lose nothing while another comes and goes, and CHECK has nothing against their peers', async () => {
    const pinging = netnsOf(0).run('ping', '-i', '0.02', '-c', '250', '-q', addresses(1)[0] ?? '');
    await add(2);
    await expect.poll(() => direct.status(), { timeout: 5_000, interval: 20 }).toMatchObject({ pairs: 3, due: 0 });
    for (const one of keys) {
      const { netns, addresses: listed } = attachments.get(one);
      await attachments.check(one, { netns, addresses: listed.map(({ address }) => address) });
    }
    await attachments.release(key(2));
    await expect.poll(() => peersOf(0), { timeout: 5_000, interval: 20 }).toHaveLength(2);
    expect(await pinging).toMatch(/ 0% packet loss/);
  });

  it('keep each other when the node-manager starts again, which changes nothing', async () => {
    const before = await peersOf(0);
    const pinging = netnsOf(0).run('ping', '-i', '0.02', '-c', '50', '-q', addresses(1)[1] ?? '');
    await end();
    await open();
    await expect.poll(() => direct.status(), { timeout: 5_000 }).toMatchObject({ pairs: 1, due: 0 });
    expect(await peersOf(0)).toEqual(before);
    expect(await pinging).toMatch(/ 0% packet loss/);
  });

  // The kernel has no process that could stand still or die.
  const itOfUserspace = backend === 'userspace' ? it : () => {};
  itOfUserspace('do not hold up the DEL of another while the device of one of them answers nobody', async () => {
    await add(2);
    await expect.poll(() => direct.status(), { timeout: 5_000, interval: 20 }).toMatchObject({ pairs: 3, due: 0 });
    const pid = await pidOf(0);
    process.kill(pid, 'SIGSTOP');
    const begunAtMs = systemClock.monotonicMs();
    await attachments.release(key(2)).finally(() => process.kill(pid, 'SIGCONT'));
    expect(systemClock.monotonicMs() - begunAtMs).toBeLessThan(900);
    await expect.poll(() => peersOf(0), { timeout: 8_000, interval: 20 }).toHaveLength(2);
  });

  itOfUserspace('meet one that was made anew with another key again', async () => {
    const before = attachments.get(key(1)).publicKey;
    process.kill(await pidOf(1), 'SIGKILL');
    await expect.poll(() => attachments.get(key(1)).publicKey, { timeout: 8_000 }).not.toBe(before);
    await expect.poll(() => direct.status(), { timeout: 8_000, interval: 20 }).toMatchObject({ pairs: 1, due: 0 });
    expect(await lossOf(netnsOf(0), addresses(1)[0])).toBe(0);
    expect(await peersOf(0)).toContain(attachments.get(key(1)).publicKey);
    expect(await peersOf(0)).not.toContain(before);
  });

  it('send by the node again when direct peers are switched off, with two packets lost at most', async () => {
    const pinging = netnsOf(0).run('ping', '-i', '0.02', '-c', '50', '-q', addresses(1)[0] ?? '');
    isOn = false;
    direct.changed();
    await expect.poll(() => peersOf(0), { timeout: 5_000 }).toHaveLength(1);
    await expect.poll(() => peersOf(1), { timeout: 5_000 }).toHaveLength(1);
    expect(Number(/([0-9.]+)% packet loss/.exec(await pinging)?.[1] ?? 100)).toBeLessThanOrEqual(4);
    const seen = await seenOnPods(async () => expect(await lossOf(netnsOf(0), addresses(1)[0])).toBe(0));
    expect(seen.filter((line) => line.includes(addresses(1)[0] ?? '')).length).toBeGreaterThan(0);
  });
});

async function open(): Promise<void> {
  const own = { ownNetns: place.node.path };
  devices = await openDevices(backend, { stateDir: place.stateDir, runDir: place.runDir, ...own });
  const podsKey = await keepNodeKey({ dataDir, devices, keys: systemKeys, log: silentLog }, 'pods', podsRef(nodeId));
  const shared = { devices, clock: systemClock, log: silentLog };
  const peers = new DirectPeers({
    ...shared,
    node: podsKey.publicKey,
    current: () => attachments.directDevices().map((device) => ({ ...device, isPeer: device.isPeer && isOn })),
  });
  attachments = await Attachments.open({
    ...{
      ...shared,
      nodeId,
      dataDir,
      queueDir: join(dataDir, 'queue'),
      keys: systemKeys,
      reach: noFaultPoints,
      repairs: new RepairBook({ events: { tell: () => {} }, clock: systemClock }),
      podsKey,
    },
    ...{ podPort: 51_821, containerPorts: { first: 61_000, last: 65_535 }, reservedKeys: [] },
    iproute: new ExecIpRoute(own),
    sysctl: new ExecSysctl(own),
    udpPorts: {
      bound: async () =>
        new Set(parseUdpTable(await place.node.run('cat', '/proc/self/net/udp', '/proc/self/net/udp6'))),
    },
    readBootId: kernelBootId,
    admission: { refusal: () => undefined },
    onEmpty: () => {},
    neighbours: peers,
  });
  await attachments.start(viewOf());
  const loop = new ReconcileLoop({
    ...{ name: 'direct', readBackMs: 2_000, clock: systemClock, random: systemRandom, log: silentLog },
    reconcile: () => peers.reconcile(),
  });
  peers.onChange(() => loop.trigger());
  direct = peers;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const running = [loop.run(stop.signal).catch(() => undefined), attachments.run(stop.signal)];
  end = async () => {
    stop.abort(new Error('this life has ended'));
    await Promise.all(running);
  };
}

async function add(index: number): Promise<void> {
  const limits = { signal: new AbortController().signal, deadlineAt: systemClock.monotonicMs() + 30_000 };
  await attachments.attach(key(index), inputFor(netnsOf(index).path), limits);
}

function key(index: number) {
  return keys[index] ?? keyNamed('none');
}

function netnsOf(index: number): ThrowawayNetns {
  return [place.container, ...others][index] ?? place.container;
}

function addresses(index: number): string[] {
  return attachments.get(key(index)).addresses.map(({ address }) => address.replace(/\/.*$/, ''));
}

/** The process of a container's device. */
async function pidOf(index: number): Promise<number> {
  const { id } = deviceOf(nodeId, { ...key(index), netns: '' });
  return (JSON.parse(await readFile(join(place.stateDir, `${id}.json`), 'utf8')) as { pid: number }).pid;
}

/** The public keys that a container's device has as peers. */
async function peersOf(index: number): Promise<string[]> {
  const { netns } = attachments.get(key(index));
  const state = await devices.observe(deviceOf(nodeId, { ...key(index), netns }));
  return (state?.peers ?? []).map(({ publicKey }) => publicKey).sort();
}

/** A line for each packet on the node's device while the work is done. */
async function seenOnPods(work: () => Promise<void>): Promise<string[]> {
  const file = join(dataDir, `${randomBytes(4).toString('hex')}.pcap`);
  const capturing = place.node.run(
    'sh',
    '-c',
    `tcpdump -i wgcni-pods -Z root -U --immediate-mode -w ${file} & tcpdump=$!; while [ -e /proc/$tcpdump ] && [ ! -e ${file}.end ]; do sleep 0.1; done; kill -INT $tcpdump; wait $tcpdump`,
  );
  await expect
    .poll(
      () =>
        readFile(file).then(
          ({ length }) => length,
          () => 0,
        ),
      { timeout: 5_000 },
    )
    .toBeGreaterThan(0);
  await work();
  await place.node.run('sh', '-c', `sleep 0.3; touch ${file}.end`);
  await capturing;
  return (await place.node.run('tcpdump', '-n', '-r', file)).split('\n');
}

/** Percent of three echo requests that were lost. */
async function lossOf(from: ThrowawayNetns, address: string | undefined): Promise<number> {
  const output = await from.run('sh', '-c', `ping -c 3 -i 0.2 -W 1 -q ${address} || true`);
  return Number(/([0-9.]+)% packet loss/.exec(output)?.[1] ?? 100);
}
