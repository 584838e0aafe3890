/** What every adapter of WireGuard devices must do; run on memory, on wireguard-go and on the kernel's WireGuard. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemKeys } from '../key-generator.ts';
import type { Peer } from '../peer.ts';
import type { DeviceRef, KeyPair } from '../port.ts';
import { type DeviceHarness, randomDeviceId, randomEnds } from './device-harness.ts';

interface Scene {
  harness: DeviceHarness;
  pods: DeviceRef;
  eth0: DeviceRef;
}

const mtu = 1380;
const settleMs = 5000;

const peerOf = (keys: KeyPair, allowedIps: string[], rest: Partial<Peer> = {}): Peer => ({
  publicKey: keys.publicKey,
  endpoint: undefined,
  allowedIps,
  keepaliveSec: 0,
  ...rest,
});

/** What is configured of peers, without counters. */
const configured = (peers: readonly Peer[] | undefined): Peer[] | undefined =>
  peers
    ?.map(({ publicKey, endpoint, allowedIps, keepaliveSec }) => ({ publicKey, endpoint, allowedIps, keepaliveSec }))
    .sort((one, other) => one.publicKey.localeCompare(other.publicKey));

/** Runs the suite on the adapter that `open` makes for each test; `carriesPackets` where there is a datapath. */
export function describeDeviceContract(
  name: string,
  open: () => Promise<DeviceHarness>,
  { carriesPackets }: { carriesPackets: boolean },
): void {
  describe(`WireGuard device contract: ${name}`, () => {
    let scene: Scene;
    beforeEach(async () => {
      const harness = await open();
      scene = { harness, ...randomEnds(harness.netns) };
    });
    afterEach(() => scene.harness.close());

    describeMaking(() => scene);
    describePeers(() => scene);
    describeRemoving(() => scene);
    if (carriesPackets) describeTraffic(() => scene);
  });
}

function describeMaking(scene: () => Scene): void {
  it('makes a device down, unconfigured, under its name, in our namespace or a container', async () => {
    const { harness, pods, eth0 } = scene();
    for (const ref of [pods, eth0]) {
      await harness.devices.create(ref, mtu);
      const link = (await harness.ipRoute.observe(ref.netns)).links.find((each) => each.name === ref.name);
      expect(link).toMatchObject({ isUp: false, mtu });
      const state = await harness.devices.observe(ref);
      expect(state).toMatchObject({ ref, publicKey: undefined, peers: [] });
    }
    expect((await harness.ipRoute.observe(undefined)).links.map((link) => link.name).sort()).toEqual(['lo', pods.name]);
  });

  it('refuses a name that another link has, and leaves that link', async () => {
    const { harness, pods, eth0 } = scene();
    for (const ref of [pods, eth0]) {
      await harness.devices.create(ref, mtu);
      const second = { ...ref, id: randomEnds(harness.netns).pods.id };
      await expect(harness.devices.create(second, mtu)).rejects.toMatchObject({ code: 'interface.exists' });
      expect(await harness.devices.observe(ref)).toBeDefined();
    }
    expect((await harness.devices.liveIds('wg')).length).toBeLessThanOrEqual(2);
  });

  it('refuses a path that is no namespace', async () => {
    const { harness, eth0 } = scene();
    const ref = { ...eth0, netns: '/var/run/netns/wgcni-never-there' };
    await expect(harness.devices.create(ref, mtu)).rejects.toMatchObject({ code: 'netns.unusable' });
    expect(await harness.devices.liveIds(ref.id)).toEqual([]);
  });
}

function describePeers(scene: () => Scene): void {
  const [own, alpha, beta, gamma] = Array.from({ length: 4 }, () => systemKeys.generate()) as [
    KeyPair,
    KeyPair,
    KeyPair,
    KeyPair,
  ];
  const first = peerOf(alpha, ['10.64.0.2/32', 'fd64::2/128'], { endpoint: '127.0.0.1:61002', keepaliveSec: 25 });
  const second = peerOf(beta, ['10.64.0.3/32'], { endpoint: '[::1]:61003' });

  it('holds key, port and peers as configured', async () => {
    const { harness, pods, eth0 } = scene();
    for (const [ref, listenPort] of [
      [pods, 61_001],
      [eth0, 61_009],
    ] as const) {
      await harness.devices.create(ref, mtu);
      await harness.devices.configure(ref, { privateKey: own.privateKey, listenPort, peers: [first, second] });
      const state = await harness.devices.observe(ref);
      expect(state).toMatchObject({ ref, publicKey: own.publicKey, listenPort });
      expect(configured(state?.peers)).toEqual(configured([first, second]));
      expect(state?.peers[0]).toMatchObject({ latestHandshakeAt: 0, receivedBytes: 0 });
      expect((await harness.devices.readPrivateKey(ref))?.reveal()).toBe(own.privateKey.reveal());
    }
  });

  it('changes the peers that are named and no other', async () => {
    const { harness, pods } = scene();
    const { devices } = harness;
    await devices.create(pods, mtu);
    await devices.configure(pods, { privateKey: own.privateKey, listenPort: 61_001, peers: [first, second] });
    const added = peerOf(gamma, ['10.64.0.4/32']);
    await devices.change(pods, [
      { kind: 'add', peer: added },
      { kind: 'update', publicKey: beta.publicKey, allowedIps: ['10.64.0.5/32'], keepaliveSec: 15 },
    ]);
    const updated = { ...second, allowedIps: ['10.64.0.5/32'], keepaliveSec: 15 };
    expect(configured((await devices.observe(pods))?.peers)).toEqual(configured([first, updated, added]));

    await devices.change(pods, [
      { kind: 'remove', publicKey: alpha.publicKey },
      { kind: 'remove', publicKey: alpha.publicKey },
      { kind: 'update', publicKey: beta.publicKey, allowedIps: [], endpoint: '127.0.0.1:61009' },
    ]);
    const emptied = { ...updated, allowedIps: [], endpoint: '127.0.0.1:61009' };
    expect(configured((await devices.observe(pods))?.peers)).toEqual(configured([emptied, added]));
  });

  it('moves an allowed IP from the peer that had it to the one it is given to', async () => {
    const { harness, pods } = scene();
    await harness.devices.create(pods, mtu);
    await harness.devices.configure(pods, { privateKey: own.privateKey, listenPort: 61_001, peers: [first, second] });
    const taken = { kind: 'update', publicKey: beta.publicKey, allowedIps: ['10.64.0.2/32', '10.64.0.3/32'] } as const;
    await harness.devices.change(pods, [taken]);
    expect(configured((await harness.devices.observe(pods))?.peers)).toEqual(
      configured([
        { ...first, allowedIps: ['fd64::2/128'] },
        { ...second, allowedIps: ['10.64.0.2/32', '10.64.0.3/32'] },
      ]),
    );
  });

  it('changes several devices at once, and one that is not there fails alone', async () => {
    const { harness, pods, eth0 } = scene();
    const { devices } = harness;
    for (const ref of [pods, eth0]) {
      await devices.create(ref, mtu);
      const listenPort = ref === pods ? 61_001 : 61_002;
      await devices.configure(ref, { privateKey: systemKeys.generate().privateKey, listenPort, peers: [] });
    }
    const absent = { ...eth0, id: randomDeviceId(), name: 'eth9' };
    const outcomes = await Promise.allSettled(
      devices.changeEach([
        { ref: pods, changes: [{ kind: 'add', peer: first }] },
        { ref: absent, changes: [{ kind: 'add', peer: first }] },
        { ref: eth0, changes: [{ kind: 'add', peer: second }] },
      ]),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(configured((await devices.observe(pods))?.peers)).toEqual(configured([first]));
    expect(configured((await devices.observe(eth0))?.peers)).toEqual(configured([second]));
  });

  it('takes a thousand peers at once', async () => {
    const { harness, pods } = scene();
    await harness.devices.create(pods, mtu);
    await harness.devices.configure(pods, { privateKey: own.privateKey, listenPort: 61_001, peers: [] });
    const peers = Array.from({ length: 1000 }, (_, index) =>
      peerOf(systemKeys.generate(), [`10.64.${index >> 8}.${index & 255}/32`]),
    );
    await harness.devices.change(
      pods,
      peers.map((peer) => ({ kind: 'add', peer })),
    );
    expect((await harness.devices.observe(pods))?.peers).toHaveLength(1000);
  });

  it('refuses to change a device that is not there', async () => {
    const { harness, pods } = scene();
    const settings = { privateKey: own.privateKey, listenPort: 61_001, peers: [] };
    await expect(harness.devices.configure(pods, settings)).rejects.toMatchObject({ code: 'kernel.refused' });
    await expect(harness.devices.change(pods, [{ kind: 'add', peer: first }])).rejects.toMatchObject({
      code: 'kernel.refused',
    });
  });
}

function describeRemoving(scene: () => Scene): void {
  it('knows nothing of a device that was never made', async () => {
    const { harness, eth0 } = scene();
    expect(await harness.devices.observe(eth0)).toBeUndefined();
    expect(await harness.devices.readPrivateKey(eth0)).toBeUndefined();
  });

  it('removes a device, twice as well as once, and its name can be used again at once', async () => {
    const { harness, pods, eth0 } = scene();
    for (const ref of [pods, eth0]) {
      await harness.devices.create(ref, mtu);
      await harness.devices.remove(ref);
      await harness.devices.remove(ref);
      expect(await harness.devices.observe(ref)).toBeUndefined();
      expect((await harness.ipRoute.observe(ref.netns)).links.map((link) => link.name)).not.toContain(ref.name);
      await harness.devices.create(ref, mtu);
      expect(await harness.devices.observe(ref)).toBeDefined();
    }
  });

  it("sees a device go with its container's namespace, and removes the rest without complaint", async () => {
    const { harness, eth0 } = scene();
    await harness.devices.create(eth0, mtu);
    await harness.removeNetns();
    await expect.poll(() => harness.devices.observe(eth0), { timeout: 3000 }).toBeUndefined();
    await harness.devices.remove(eth0);
    expect(await harness.devices.liveIds(eth0.id)).toEqual([]);
  });
}

function describeTraffic(scene: () => Scene): void {
  it('carries packets of both families, both ways, from the moment it has settled', async () => {
    const { harness, pods, eth0 } = scene();
    await joinEnds(scene());
    for (const address of ['10.64.0.1', 'fd64::1']) expect(await harness.ping?.('container', address)).toBe(true);
    for (const address of ['10.64.0.9', 'fd64::9']) expect(await harness.ping?.('node', address)).toBe(true);
    for (const ref of [pods, eth0]) {
      const [peer] = (await harness.devices.observe(ref))?.peers ?? [];
      expect(peer?.latestHandshakeAt).toBeGreaterThan(0);
      expect(peer?.receivedBytes).toBeGreaterThan(0);
    }
  });

  it('keeps the session of a peer while others come and go', async () => {
    const { harness, pods } = scene();
    await joinEnds(scene());
    expect(await harness.ping?.('node', '10.64.0.9')).toBe(true);
    const handshake = async () => (await harness.devices.observe(pods))?.peers.find((peer) => peer.receivedBytes > 0);
    const before = await handshake();
    const other = systemKeys.generate();
    await harness.devices.change(pods, [{ kind: 'add', peer: peerOf(other, ['10.64.0.77/32']) }]);
    await harness.devices.change(pods, [{ kind: 'remove', publicKey: other.publicKey }]);
    expect(await harness.ping?.('node', '10.64.0.9')).toBe(true);
    expect((await handshake())?.latestHandshakeAt).toBe(before?.latestHandshakeAt);
  });

  it('drops what a container sends from an address that is not its own', async () => {
    const { harness, eth0 } = scene();
    await joinEnds(scene());
    await harness.ipRoute.apply(
      [{ kind: 'remove-address', link: 'eth0', address: '10.64.0.9', prefixLength: 32 }],
      eth0.netns,
    );
    await harness.ipRoute.apply(
      [{ kind: 'set-address', link: 'eth0', address: '10.64.0.66', prefixLength: 32 }],
      eth0.netns,
    );
    await harness.ipRoute.apply(
      [{ kind: 'set-route', route: { destination: '0.0.0.0/0', kind: 'unicast', device: 'eth0' } }],
      eth0.netns,
    );
    expect(await harness.ping?.('container', '10.64.0.1')).toBe(false);
  });
}

/** One container's tunnel as the node-manager makes it: node side first, fixed ports, endpoints on both sides. */
async function joinEnds({ harness, pods, eth0 }: Scene): Promise<void> {
  const [node, container] = [systemKeys.generate(), systemKeys.generate()];
  const { devices, ipRoute } = harness;
  const inside = peerOf(container, ['10.64.0.9/32', 'fd64::9/128'], { endpoint: '127.0.0.1:61009' });
  const outside = peerOf(node, ['0.0.0.0/0', '::/0'], { endpoint: '127.0.0.1:51821' });

  await devices.create(pods, mtu);
  await devices.configure(pods, { privateKey: node.privateKey, listenPort: 51_821, peers: [inside] });
  await ipRoute.apply(linkChanges(pods.name, ['10.64.0.1', 'fd64::1'], ['10.64.0.9/32', 'fd64::9/128']), undefined);
  expect(await devices.settle(pods, settleMs)).toBe(true);

  await devices.create(eth0, mtu);
  await devices.configure(eth0, { privateKey: container.privateKey, listenPort: 61_009, peers: [outside] });
  await ipRoute.apply(linkChanges(eth0.name, ['10.64.0.9', 'fd64::9'], ['0.0.0.0/0', '::/0']), eth0.netns);
  expect(await devices.settle(eth0, settleMs)).toBe(true);
}

function linkChanges(link: string, addresses: string[], destinations: string[]) {
  return [
    { kind: 'set-link', name: link, isUp: true } as const,
    ...addresses.map((address) => {
      return { kind: 'set-address', link, address, prefixLength: address.includes(':') ? 128 : 32 } as const;
    }),
    ...destinations.map((destination) => {
      return { kind: 'set-route', route: { destination, kind: 'unicast', device: link } } as const;
    }),
  ];
}
