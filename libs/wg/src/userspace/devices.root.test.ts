/**
 * wireguard-go keeps the device contract, and its processes live, die and are found again as they should:
 *
 *   node (throw-away namespace): wireguard-go processes, UDP sockets, wgcni-pods ──loopback── container (throw-away): eth0
 */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret, systemClock } from '@wgcni/base';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import {
  closePlace,
  describeDeviceContract,
  openPlace,
  openRealHarness,
  randomEnds,
  type RealPlace,
} from '../contract/index.ts';
import { systemKeys } from '../key-generator.ts';
import type { DeviceRef } from '../port.ts';
import { UserspaceDevices } from './devices.ts';
import { identifyProcess } from './proc.ts';

const openDevices = ({ node, stateDir }: RealPlace) => UserspaceDevices.open({ stateDir, ownNetns: node.path });

describeDeviceContract('wireguard-go', () => openRealHarness(openDevices), { carriesPackets: true });

describe('wireguard-go processes', () => {
  let place: RealPlace;
  let devices: UserspaceDevices;
  let eth0: DeviceRef;
  const own = systemKeys.generate();
  const settings = { privateKey: own.privateKey, listenPort: 61_001, peers: [] };

  beforeEach(async () => {
    place = await openPlace();
    devices = await openDevices(place);
    ({ eth0 } = randomEnds(place.container.path));
    await devices.create(eth0, 1420);
    await devices.configure(eth0, settings);
  });
  afterEach(async () => {
    for (const id of await devices.liveIds('')) await devices.remove({ id, name: id });
    await closePlace(place);
  });

  const recordPath = () => `${place.stateDir}/${eth0.id}.json`;
  const pidOf = async () => (JSON.parse(await readFile(recordPath(), 'utf8')) as { pid: number }).pid;
  const kill = async (pid: number) => {
    process.kill(pid, 'SIGKILL');
    while ((await devices.liveIds(eth0.id)).length > 0) await systemClock.sleep(5);
  };

  it('are adopted by the next life of the node-manager', async () => {
    const pid = await pidOf();
    const next = await openDevices(place);
    expect((await next.observe(eth0))?.publicKey).toBe(own.publicKey);
    expect(await next.liveIds('wg')).toEqual([eth0.id]);
    expect(await pidOf()).toBe(pid);
  });

  it('lead a session of their own, so that they outlive the node-manager', async () => {
    const stat = await readFile(`/proc/${await pidOf()}/stat`, 'utf8');
    expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3])).toBe(await pidOf());
  });

  it('are adopted by their arguments when their record was lost', async () => {
    const pid = await pidOf();
    await rm(recordPath());
    expect((await (await openDevices(place)).observe(eth0))?.publicKey).toBe(own.publicKey);
    expect(await pidOf()).toBe(pid);
  });

  it('are adopted by their arguments when their record is damaged', async () => {
    const pid = await pidOf();
    await writeFile(recordPath(), '{"pid":');
    expect((await devices.observe(eth0))?.publicKey).toBe(own.publicKey);
    expect(await pidOf()).toBe(pid);
  });

  it('are not believed to be another process that has their pid now', async () => {
    await kill(await pidOf());
    await writeFile(recordPath(), `{"pid":${process.pid},"startTime":"1"}\n`);
    expect(await devices.observe(eth0)).toBeUndefined();
    await devices.remove(eth0);
  });

  it('are seen to be dead after SIGKILL, and replaced over the stale socket', async () => {
    await kill(await pidOf());
    expect(await readdir('/var/run/wireguard')).toContain(`${eth0.id}.sock`);
    expect(await devices.observe(eth0)).toBeUndefined();
    await devices.create(eth0, 1420);
    await devices.configure(eth0, settings);
    expect((await devices.observe(eth0))?.publicKey).toBe(own.publicKey);
  });

  it('are replaced at once after SIGKILL, while the old one is still ending', async () => {
    for (let round = 0; round < 5; round++) {
      process.kill(await pidOf(), 'SIGKILL');
      await devices.create(eth0, 1420);
      expect(await devices.observe(eth0)).toBeDefined();
    }
  });

  it('are replaced when a device of the same id is made again', async () => {
    const before = await pidOf();
    await devices.create(eth0, 1420);
    expect(await pidOf()).not.toBe(before);
    expect(await devices.observe(eth0)).toMatchObject({ publicKey: undefined });
    expect(await devices.liveIds(eth0.id)).toEqual([eth0.id]);
  });

  it('leave no socket, record or process when removed', async () => {
    const pid = await pidOf();
    await devices.remove(eth0);
    expect(await readdir('/var/run/wireguard')).not.toContain(`${eth0.id}.sock`);
    expect(await readdir(place.stateDir)).toEqual([]);
    expect(await identifyProcess(pid)).toBeUndefined();
  });

  it('of another node on this machine are neither listed nor ended', async () => {
    const neighbour = await ThrowawayNetns.open();
    const pid = await pidOf();
    const stateDir = await mkdtemp(`${place.stateDir}/neighbour-`);
    try {
      const others = await UserspaceDevices.open({ ...place, stateDir, ownNetns: neighbour.path });
      expect(await others.liveIds('wg')).toEqual([]);
      expect(await others.observe(eth0)).toBeUndefined();
      await others.remove(eth0);
      expect(await devices.liveIds('wg')).toEqual([eth0.id]);
      const refused = others.create({ id: eth0.id, name: 'wgcni-pods' }, 1420);
      await expect(refused).rejects.toMatchObject({
        code: 'kernel.refused',
        message: expect.stringContaining(`process ${pid} serves the device ${eth0.id}`),
      });
    } finally {
      await neighbour.close();
    }
  });

  it('are not configured with a malformed key, which no message shows', async () => {
    const privateKey = new Secret(`${own.privateKey.reveal().slice(0, 40)}====`);
    const failure = await devices.configure(eth0, { ...settings, privateKey }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'decode.failed' });
    expect(String(failure)).not.toContain(privateKey.reveal());
  });

  it('give their key away to nobody but their owner: the socket that tells it has mode 0700 at most', async () => {
    const { mode, uid } = await stat(`/var/run/wireguard/${eth0.id}.sock`);
    expect([mode & 0o077, uid]).toEqual([0, process.getuid?.()]);
  });

  it('never show a key in their arguments or environment', async () => {
    const [argv, environment] = await Promise.all(
      ['cmdline', 'environ'].map(async (file) => readFile(`/proc/${await pidOf()}/${file}`, 'utf8')),
    );
    expect(`${argv}${environment}`).not.toContain(own.privateKey.reveal());
  });
});
