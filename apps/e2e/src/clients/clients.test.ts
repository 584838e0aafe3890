/**
 * Machines outside the cluster that dial in, each by the file that `wgcni client add` wrote, with plain wg-quick, wg and ip.
 *
 *   c1 c2 ── n1 ──┐            ┌── out1: the laptop, which dials every node and roams to another address
 *   c1 c2 ── n2 ──┼── bridge ──┼── out2: the phone, which dials n2 alone
 *   c1 c2 ── n3 ──┘            └── out3: a guest that makes its own key and is there for seconds
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { systemClock } from '@wgcni/base';
import { ping, PingMonitor, planContainer, planLab, usualClientPools, type NodePlan } from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerEvidence, dataEvidence, logEvidence, storeEvidence, storeFileEvidence } from '../key-scan/evidence.ts';
import { idOfDevice } from '../key-scan/device-key.ts';
import { KnownKeys } from '../key-scan/known-keys.ts';
import { bringUp, type Scenario } from '../scenario.ts';
import { ClientMachine } from './client-machine.ts';
import { meshPeers, untilOnAll } from './mesh-peers.ts';
import { readQr } from './read-qr.ts';

describe('external clients', () => {
  let scene: Scenario;
  let devices: string[];
  let laptop: ClientMachine;
  let guest: ClientMachine;
  /** Milliseconds from when the guest was added until no node had it any more. */
  let guestLived: Promise<number>;
  const known = new KnownKeys();
  beforeAll(async () => {
    scene = await bringUp({ managers: 2, etcd: 1, clientPools: usualClientPools });
    devices = scene.lab.plan.nodes.map(({ id }) => idOfDevice(id, 'mesh'));
    laptop = await ClientMachine.add(scene.lab.plan, 1);
  });
  afterAll(() => scene.lab.down());

  const wgcni = async (...argv: string[]): Promise<string> =>
    (await execa(scene.lab.programs.wgcni, [...scene.lab.wgcniFlags(), ...argv])).stdout;
  const nodeAt = (index: number): NodePlan => {
    const node = scene.lab.plan.nodes[index - 1];
    if (node === undefined) throw new Error(`the plan has no node ${index}`);
    return node;
  };
  const publicKeyIn = async (file: string): Promise<string> => {
    const text = await readFile(file, 'utf8');
    const key = /^PrivateKey = (.*)$/m.exec(text)?.[1] ?? '';
    known.learn(key);
    return (await execa('wg', ['pubkey'], { input: key })).stdout;
  };
  const blocksOf = async (file: string): Promise<string[]> =>
    (/^Address = (.*)$/m.exec(await readFile(file, 'utf8'))?.[1] ?? '').split(', ').sort();
  const addressesOf = async (file: string): Promise<string[]> =>
    (await blocksOf(file)).map((block) => block.replace(/\/.*/, ''));
  const unanswered = async (machine: ClientMachine, count = 2): Promise<string[]> =>
    (await machine.reach(scene.places, count))
      .filter(({ roundTripMs }) => roundTripMs === undefined)
      .map(({ to }) => to);

  /** Addresses of it that containers reach, each as often as they do. */
  const reachedAt = async ({ file }: ClientMachine): Promise<string[]> => {
    const addresses = await addressesOf(file);
    const times = scene.places.flatMap(({ netnsPath }) =>
      addresses.map(async (address) => ({ address, took: await ping(netnsPath, address, { count: 1 }) })),
    );
    return (await Promise.all(times)).filter(({ took }) => took !== undefined).map(({ address }) => address);
  };

  it('are peers of every node within a second, and reach every container over both families', async () => {
    await wgcni('client', 'add', 'laptop', '--out', laptop.file);
    const waiting = systemClock.monotonicMs();
    const key = await publicKeyIn(laptop.file);
    await untilOnAll(devices, (peers) => peers.has(key), 5_000);
    const takenMs = systemClock.monotonicMs() - waiting;
    console.log(JSON.stringify({ peerOnAllNodesMs: Math.round(takenMs) }));
    expect(takenMs).toBeLessThan(1_000);
    await laptop.up();
    expect(await unanswered(laptop)).toEqual([]);
    expect(await addressesOf(laptop.file)).toHaveLength(2);
    const own = await blocksOf(laptop.file);
    for (const device of devices) expect((await meshPeers(device)).get(key)).toEqual(own);
  });

  it('have a QR code that a camera reads as their file, byte for byte', async () => {
    const screen = await wgcni('client', 'config', 'laptop', '--key-file', laptop.file, '--qr');
    expect(readQr(screen)).toEqual(await readFile(laptop.file));
  });

  it('roam without a handshake, and lose no more than was under way; nobody fights it', async () => {
    const targets = scene.lab.plan.nodes.map((node) => scene.placesOf(node)[0]?.addresses[0] ?? '');
    const pings = targets.map((address) => new PingMonitor(laptop.netnsPath, address, 20));
    await Promise.all(pings.map((each) => each.underWay()));
    const before = await laptop.show('latest-handshakes');
    await laptop.roam(51);
    await systemClock.sleep(2_500);
    const results = await Promise.all(pings.map((each) => each.stop()));
    console.log(JSON.stringify({ roaming: results.map(({ lost, longestGapMs }) => [lost.length, longestGapMs]) }));
    for (const { received, longestGapMs } of results) {
      expect(received).toBeGreaterThan(50);
      expect(longestGapMs).toBeLessThan(1_000);
    }
    expect(await laptop.show('latest-handshakes')).toEqual(before);
    for (const node of scene.lab.plan.nodes) {
      const { clients, drift } = await scene.lab.nodeStatusWhere(node, ({ clients: all }) =>
        (all[0]?.endpoint ?? '').startsWith('192.0.2.151:'),
      );
      expect(clients).toMatchObject([{ name: 'laptop', state: 'programmed', via: null }]);
      expect(drift).toEqual([]);
    }
  });

  it('are reached by every node, and by a container only when they are said to be reachable', async () => {
    expect(await reachedAt(laptop)).toEqual([]);
    for (const { netnsPath } of scene.lab.plan.nodes) {
      for (const address of await addressesOf(laptop.file)) expect(await ping(netnsPath, address)).toBeDefined();
    }
    const key = await publicKeyIn(laptop.file);
    await wgcni('client', 'add', 'laptop', '--public-key', key, '--reachable');
    await expect.poll(() => reachedAt(laptop), { timeout: 5_000 }).toHaveLength(12);
  });

  it('that dial one node alone reach every container by it, and are reached by every node', async () => {
    const phone = await ClientMachine.add(scene.lab.plan, 2);
    const [n1, n2, n3] = [nodeAt(1), nodeAt(2), nodeAt(3)];
    await wgcni('client', 'add', 'phone', '--via', n2.id, '--reachable', '--out', phone.file);
    const key = await publicKeyIn(phone.file);
    await untilOnAll(devices.slice(1, 2), (peers) => peers.has(key), 5_000);
    await phone.up();
    expect(await phone.show('endpoints')).toHaveProperty('size', 1);
    expect(await unanswered(phone)).toEqual([]);
    for (const address of await addressesOf(phone.file)) {
      for (const { netnsPath } of [n1, n2, n3]) expect(await ping(netnsPath, address), address).toBeDefined();
    }
    expect(await reachedAt(phone)).toHaveLength(12);
    for (const device of [devices[0] ?? '', devices[2] ?? '']) expect((await meshPeers(device)).has(key)).toBe(false);
    const { stdout } = await execa(scene.lab.programs.wgcni, ['--socket', n1.socket, 'status']);
    expect(stdout).toMatch(new RegExp(`^phone +at ${n2.id} `, 'm'));
    await wgcni('client', 'remove', 'phone');
    const blocks = await blocksOf(phone.file);
    await untilOnAll(devices, (peers) => !blocks.some((block) => [...peers.values()].flat().includes(block)), 5_000);
  });

  it('learn of a node that joins, and of one that leaves, while `wgcni client sync` runs', async () => {
    const { lab } = scene;
    const n4 = planLab(lab.plan.name, { nodes: 4 }).nodes[3];
    if (n4 === undefined) throw new Error('the plan has no fourth node');
    const sync = spawn(
      'nsenter',
      [
        ...[`--net=${laptop.netnsPath}`, process.execPath, lab.programs.wgcni, ...lab.wgcniFlags()],
        ...['client', 'sync', 'laptop', '--interface', laptop.device, '--key-file', laptop.file, '--interval', '1s'],
        ...['--keep-missing', '1s'],
      ],
      { stdio: 'ignore' },
    );
    try {
      const before = (await laptop.show('endpoints')).size;
      await lab.addNode(n4);
      lab.startNode(n4);
      const { publicKey } = await lab.nodeReady(n4);
      const { ips } = await lab.addContainer(n4, planContainer(lab.plan.name, 4, 1));
      await expect.poll(() => laptop.show('endpoints'), { timeout: 5_000 }).toHaveProperty('size', before + 1);
      for (const address of ips.map((each) => each.address.replace(/\/.*/, ''))) {
        const answer = (): Promise<number | undefined> => ping(laptop.netnsPath, address);
        await expect.poll(answer, { timeout: 5_000, message: address }).toBeDefined();
      }
      const manager = lab.managerClient();
      await manager.deleteNode(n4.id, { force: true });
      await manager.close();
      await expect
        .poll(async () => (await laptop.show('endpoints')).has(publicKey ?? ''), { timeout: 5_000 })
        .toBe(false);
      await expect.poll(async () => (await meshPeers(idOfDevice(n4.id, 'mesh'))).size, { timeout: 5_000 }).toBe(0);
      expect(await unanswered(laptop)).toEqual([]);
    } finally {
      sync.kill('SIGTERM');
    }
  });

  it('make their own key, and reach every container while their time lasts', async () => {
    guest = await ClientMachine.add(scene.lab.plan, 3);
    const privateKey = (await execa('wg', ['genkey'])).stdout;
    known.learn(privateKey);
    const publicKey = (await execa('wg', ['pubkey'], { input: privateKey })).stdout;
    const text = await wgcni('client', 'add', 'guest', '--public-key', publicKey, '--ttl', '8s');
    const addedAtMs = systemClock.monotonicMs();
    expect(text).toMatch(/^# PrivateKey = /m);
    await guest.write(text.replace(/^# PrivateKey = .*$/m, `PrivateKey = ${privateKey}`));
    await untilOnAll(devices, (peers) => peers.has(publicKey), 5_000);
    await guest.up();
    expect(await unanswered(guest)).toEqual([]);
    // It is watched while others are tried.
    guestLived = untilOnAll(devices, (peers) => !peers.has(publicKey), 13_000).then(
      () => systemClock.monotonicMs() - addedAtMs,
    );
    guestLived.catch(() => undefined);
  });

  it('have no private key anywhere but on their own machine', async () => {
    const { lab } = scene;
    const store = lab.openStore();
    const evidence = new Map([
      ...(await storeEvidence(lab, store)),
      ...(await storeFileEvidence(lab)),
      ...(await logEvidence(lab)),
      ...(await answerEvidence(lab)),
      ...(await Promise.all(lab.plan.nodes.map(dataEvidence))).flatMap((each) => [...each]),
      ['clients', await wgcni('--json', 'client', 'list')],
      ['configuration', await wgcni('client', 'config', 'laptop')],
    ]);
    await store.close();
    expect(known.size).toBeGreaterThan(1);
    expect([...evidence].filter(([, text]) => known.standIn(text)).map(([name]) => name)).toEqual([]);
    expect([...evidence.values()].some((text) => text.includes('laptop'))).toBe(true);
    expect(known.standIn(await readFile(laptop.file, 'latin1'))).toBe(true);
  });

  it('are cut off on every node within five seconds of being removed', async () => {
    const key = await publicKeyIn(laptop.file);
    const pinging = new PingMonitor(laptop.netnsPath, scene.places[0]?.addresses[0] ?? '', 50);
    await pinging.underWay();
    await wgcni('client', 'remove', 'laptop');
    const takenMs = await untilOnAll(devices, (peers) => !peers.has(key), 5_000);
    await systemClock.sleep(500);
    console.log(JSON.stringify({ removedOnAllNodesMs: takenMs }));
    expect((await pinging.stop()).lost.length).toBeGreaterThan(5);
    expect(await unanswered(laptop, 1)).toHaveLength(12);
    await laptop.down();
  });

  it('go when their time is over, within five seconds', async () => {
    const livedMs = await guestLived;
    console.log(JSON.stringify({ cutOffAfterExpiryMs: Math.round(livedMs - 8_000) }));
    expect(livedMs).toBeGreaterThan(7_000);
    expect(livedMs).toBeLessThan(13_000);
    expect(await unanswered(guest, 1)).toHaveLength(12);
    await guest.down();
  });
});
