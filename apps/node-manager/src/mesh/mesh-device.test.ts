/** The mesh device: a peer is on it before its routes lead there, what somebody else changed is told of, and what the node did itself is not. */
import type { Happening } from '@wgcni/api/server';
import { silentLog, systemClock } from '@wgcni/base';
import { type KernelChange, MemoryKernel, MemorySysctl } from '@wgcni/iproute';
import { MemoryDevices, type PeerChange, type PublicKey, systemKeys } from '@wgcni/wg';
import { describe, expect, it } from 'vitest';
import { RepairBook } from '../repair/repair-book.ts';
import { type ClusterView, emptyView, type KnownClient, type KnownNode } from '../view/cluster-view.ts';
import { MeshDevice, meshRef, type MeshSettings } from './mesh-device.ts';

const network = {
  ...{ networkId: 'net', mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 86_400 },
  pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
};
const alone: ClusterView = {
  ...emptyView,
  network,
  hasJoined: true,
  grants: [{ cidr: '10.64.1.0/24', grantId: 'g1' }],
};
const other: KnownNode = {
  ...{ nodeId: 'n2', publicKey: systemKeys.generate().publicKey, endpoints: ['192.0.2.2:51820'], modRevision: 7 },
  subnets: [{ cidr: '10.64.2.0/24', grantId: 'g2' }],
  state: 'present',
};

function meshOf(view: () => ClusterView) {
  const kernel = new MemoryKernel();
  const devices = new MemoryDevices(kernel);
  const forgotten: string[] = [];
  const forgetDeparted = async (keys: readonly string[]) => void forgotten.push(...keys);
  const settings = {
    ...{ ref: meshRef('n1'), key: systemKeys.generate(), listenPort: 51_820 },
    ...{ view, servers: () => [], forgetDeparted },
  };
  const told: Happening[] = [];
  const repairs = new RepairBook({ events: { tell: (event) => void told.push(event) }, clock: systemClock });
  const deps = { devices, iproute: kernel, sysctl: new MemorySysctl(), clock: systemClock, log: silentLog, repairs };
  const again = (change: Partial<MeshSettings>): MeshDevice => new MeshDevice(deps, { ...settings, ...change });
  return { kernel, devices, forgotten, told, mesh: new MeshDevice(deps, settings), again };
}

it('changes the peer first and the routes then, when a node comes and when it leaves', async () => {
  let view = alone;
  const { kernel, devices, mesh } = meshOf(() => view);
  await mesh.reconcile();
  const seen: string[] = [];
  kernel.refuseWhen = (change) => {
    const route = 'route' in change ? change.route.destination : change.kind;
    seen.push(
      `${change.kind} ${route} after ${devices.changed.flatMap(({ changes }) => changes.map(({ kind }) => kind)).join()}`,
    );
    return undefined;
  };
  view = { ...alone, nodes: [other] };
  await mesh.reconcile();
  view = { ...alone, departed: [other.publicKey] };
  await mesh.reconcile();
  expect(seen).toEqual(['set-route 10.64.2.0/24 after add', 'remove-route 10.64.2.0/24 after add,remove']);
});

it('has departed keys forgotten once there are many, and never one that the device holds', async () => {
  const many = Array.from({ length: 256 }, () => systemKeys.generate().publicKey);
  let view: ClusterView = { ...alone, nodes: [other] };
  const { mesh, forgotten } = meshOf(() => view);
  await mesh.reconcile();
  view = { ...alone, departed: many };
  await mesh.reconcile();
  expect(forgotten).toEqual([]);
  view = { ...alone, departed: [...many, other.publicKey] };
  await mesh.reconcile();
  expect(forgotten.toSorted()).toEqual(many.toSorted());
  await mesh.reconcile();
  expect(forgotten).toContain(other.publicKey);
});

it('leaves a client where it was heard last, also when the device is set up again', async () => {
  const laptop: KnownClient = {
    ...{ name: 'laptop', publicKey: systemKeys.generate().publicKey, addresses: ['10.80.0.5'], via: null },
    ...{ reachable: true, modRevision: 8, state: 'present' },
  };
  const view = { ...alone, network: { ...network, clientPools: ['10.80.0.0/24'] }, clients: [laptop] };
  const { devices, mesh, again } = meshOf(() => view);
  await mesh.reconcile();
  const heardAt = async (endpoint: string): Promise<void> =>
    devices.change(mesh.ref, [{ kind: 'update', publicKey: laptop.publicKey as PublicKey, endpoint }]);
  const endpoint = async () => (await devices.observe(mesh.ref))?.peers[0]?.endpoint;
  expect(await endpoint()).toBeUndefined();
  for (const place of ['198.51.100.7:40000', '203.0.113.9:1024']) {
    await heardAt(place);
    await mesh.reconcile();
    expect([await endpoint(), await mesh.isWell(), await mesh.drift()]).toEqual([place, true, []]);
  }
  await again({ listenPort: 51_830 }).reconcile();
  expect(await devices.observe(mesh.ref)).toMatchObject({
    listenPort: 51_830,
    peers: [{ publicKey: laptop.publicKey, endpoint: '203.0.113.9:1024', keepaliveSec: 0 }],
  });
});

describe('what somebody else changed', () => {
  const stranger = systemKeys.generate().publicKey;
  const withOther: ClusterView = { ...alone, nodes: [other] };
  const key = other.publicKey as PublicKey;

  it('is no event when the node itself made, changed and removed it', async () => {
    let view = alone;
    const { mesh, told } = meshOf(() => view);
    for (const next of [alone, withOther, { ...withOther, network: { ...network, mtu: 1_400 } }, alone]) {
      view = next;
      await mesh.reconcile();
      await mesh.reconcile();
    }
    view = { ...alone, departed: [key] };
    await mesh.reconcile();
    expect([told, await mesh.isWell()]).toEqual([[], true]);
  });

  it('on the device is noticed by a look, mended and named', async () => {
    const { devices, mesh, told } = meshOf(() => withOther);
    await mesh.reconcile();
    const change = async (by: PeerChange): Promise<void> => {
      await devices.change(mesh.ref, [by]);
      expect(await mesh.isWell()).toBe(false);
      await mesh.reconcile();
      expect([await mesh.isWell(), await mesh.drift()]).toEqual([true, []]);
    };
    await change({ kind: 'remove', publicKey: key });
    await change({ kind: 'update', publicKey: key, keepaliveSec: 3 });
    const peer = { publicKey: stranger, endpoint: '198.51.100.9:7', allowedIps: ['10.64.9.0/24'], keepaliveSec: 0 };
    await change({ kind: 'add', peer });
    // It takes a block of a peer of ours, as the kernel lets it.
    await change({ kind: 'add', peer: { ...peer, endpoint: undefined, allowedIps: ['10.64.2.0/24'] } });
    const subject = 'peer n2 of wgcni-mesh';
    const events = told.map((event) => [event.kind, event.subject, event.message]);
    expect(events.slice(0, 4)).toEqual([
      ['repair.peer-restored', subject, 'was taken off, and is there again'],
      ['repair.peer-corrected', subject, 'had a keepalive of 3 s instead of 25 s; it is as it was again'],
      [
        'repair.peer-removed',
        `peer ${stranger} of wgcni-mesh`,
        'was put there by somebody else, for 10.64.9.0/24 at 198.51.100.9:7, and is gone again',
      ],
      ['repair.peer-corrected', subject, 'was allowed nothing instead of 10.64.2.0/24; it is as it was again'],
    ]);
    // The same peer of ours, three times in a minute.
    expect(told.slice(4).map((event) => [event.kind, event.subject])).toEqual([
      ['repair.peer-removed', `peer ${stranger} of wgcni-mesh`],
      ['repair.contested', subject],
    ]);
  });

  it('a peer that was there when the process began is not: it may have been lost from a list', async () => {
    const { devices, mesh, told, again } = meshOf(() => withOther);
    await mesh.reconcile();
    const peer = { publicKey: stranger, endpoint: undefined, allowedIps: ['10.64.9.0/24'], keepaliveSec: 0 };
    await devices.change(mesh.ref, [{ kind: 'add', peer }]);
    const next = again({});
    await next.reconcile();
    await next.reconcile();
    expect((await next.observe())?.peers.map(({ publicKey }) => publicKey)).toContain(stranger);
    expect([told, await next.isWell()]).toEqual([[], true]);
  });

  it('a device that is gone is made anew with everything, as one event', async () => {
    const { devices, mesh, told } = meshOf(() => withOther);
    await mesh.reconcile();
    devices.die(mesh.ref.id);
    expect(await mesh.isWell()).toBe(false);
    await mesh.reconcile();
    expect(await mesh.drift()).toEqual([]);
    await mesh.reconcile();
    expect(told.map(({ kind, subject }) => [kind, subject])).toEqual([['repair.device-restored', 'device wgcni-mesh']]);
  });

  it('of link and routes is mended and named', async () => {
    const { kernel, mesh, told } = meshOf(() => withOther);
    await mesh.reconcile();
    const by = async (change: KernelChange): Promise<void> => {
      await kernel.apply([change], undefined);
      await mesh.reconcile();
      expect(await mesh.drift()).toEqual([]);
    };
    const route = { destination: '10.64.2.0/24', kind: 'unicast' as const, device: 'wgcni-mesh' };
    await by({ kind: 'remove-route', route });
    await by({ kind: 'set-link', name: 'wgcni-mesh', mtu: 1_300 });
    await by({ kind: 'set-route', route: { ...route, destination: '10.64.77.0/24' } });
    await by({ kind: 'remove-route', route: { destination: '10.64.0.0/12', kind: 'unreachable', metric: 1_000_000 } });
    expect(told.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['repair.route-restored', 'route 10.64.2.0/24 of wgcni-mesh'],
      ['repair.link-corrected', 'device wgcni-mesh'],
      ['repair.route-removed', 'route 10.64.77.0/24 of wgcni-mesh'],
      ['repair.route-restored', 'route 10.64.0.0/12 (unreachable)'],
    ]);
    expect(told[1]?.message).toBe('had the MTU 1300 instead of 1420; it is right again');
  });
});

it('writes a peer anew that is to be, by its next endpoint, and that is no event', async () => {
  const several: KnownNode = { ...other, endpoints: ['192.0.2.2:51820', '198.51.100.2:51820'] };
  const { kernel, devices, mesh, told } = meshOf(() => ({ ...alone, nodes: [several] }));
  kernel.addForeignRoute(undefined, {
    ...{ family: 4, destination: '0.0.0.0/0', kind: 'unicast', device: 'eth0', metric: 0, protocol: 2, table: 254 },
  });
  await mesh.reconcile();
  let woken = 0;
  mesh.onRenew(() => (woken += 1));
  for (const endpoint of ['198.51.100.2:51820', '192.0.2.2:51820']) {
    mesh.renew([other.publicKey as PublicKey]);
    await mesh.reconcile();
    expect(devices.changed.at(-1)?.changes.slice(-2)).toMatchObject([
      { kind: 'remove' },
      { kind: 'add', peer: { endpoint, allowedIps: ['10.64.2.0/24'] } },
    ]);
    expect(await mesh.isWell()).toBe(true);
  }
  const writes = devices.changed.length;
  await mesh.reconcile();
  expect([devices.changed.length, woken, told]).toEqual([writes, 2, []]);
});
