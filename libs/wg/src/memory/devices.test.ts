/** The memory devices keep the contract, and what only they can do. */
import { MemoryKernel } from '@wgcni/iproute';
import { describe, expect, it } from 'vitest';
import { describeDeviceContract } from '../contract/index.ts';
import { systemKeys } from '../key-generator.ts';
import { MemoryDevices } from './devices.ts';

const netns = '/var/run/netns/container';

describeDeviceContract(
  'memory',
  async () => {
    const ipRoute = new MemoryKernel();
    ipRoute.addNamespace(netns);
    return {
      devices: new MemoryDevices(ipRoute),
      ipRoute,
      netns,
      removeNetns: async () => ipRoute.removeNamespace(netns),
      close: async () => {},
    };
  },
  { carriesPackets: false },
);

describe('MemoryDevices', () => {
  const ref = { id: 'wg000000000001', name: 'wgcni-mesh' };
  const [own, other] = [systemKeys.generate(), systemKeys.generate()];
  const peer = { publicKey: other.publicKey, endpoint: '192.0.2.1:51820', allowedIps: [], keepaliveSec: 25 };

  it('roam and count when a packet is heard', async () => {
    const devices = new MemoryDevices();
    await devices.create(ref, 1420);
    await devices.configure(ref, { privateKey: own.privateKey, listenPort: 51_820, peers: [peer] });
    devices.hear(ref, other.publicKey, { from: '198.51.100.7:4000', bytes: 148, at: 1_700_000_000 });
    expect((await devices.observe(ref))?.peers).toMatchObject([
      { endpoint: '198.51.100.7:4000', receivedBytes: 148, latestHandshakeAt: 1_700_000_000 },
    ]);
  });

  it('are gone with their links when they die', async () => {
    const links = new MemoryKernel();
    const devices = new MemoryDevices(links);
    await devices.create(ref, 1420);
    expect(await devices.liveIds('wg')).toEqual([ref.id]);
    devices.die(ref.id);
    expect(await devices.observe(ref)).toBeUndefined();
    expect(await devices.liveIds('wg')).toEqual([]);
    expect((await links.observe(undefined)).links.map((link) => link.name)).toEqual(['lo']);
  });

  it('settle once their link is up', async () => {
    const links = new MemoryKernel();
    const devices = new MemoryDevices(links);
    await devices.create(ref, 1420);
    expect(await devices.settle(ref)).toBe(false);
    await links.apply([{ kind: 'set-link', name: ref.name, isUp: true }], undefined);
    expect(await devices.settle(ref)).toBe(true);
  });

  it('note every change with its device', async () => {
    const devices = new MemoryDevices();
    await devices.create(ref, 1420);
    await devices.change(ref, [{ kind: 'add', peer }]);
    expect(devices.changed).toEqual([{ id: ref.id, changes: [{ kind: 'add', peer }] }]);
  });
});
