/** A peer is on the device before its routes lead there, and off it before they are gone: the routes are the last of a change. */
import { silentLog, systemClock } from '@wgcni/base';
import { MemoryKernel, MemorySysctl } from '@wgcni/iproute';
import { MemoryDevices, type PublicKey, systemKeys } from '@wgcni/wg';
import { expect, it } from 'vitest';
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
  const deps = { devices, iproute: kernel, sysctl: new MemorySysctl(), clock: systemClock, log: silentLog };
  const again = (change: Partial<MeshSettings>): MeshDevice => new MeshDevice(deps, { ...settings, ...change });
  return { kernel, devices, forgotten, mesh: new MeshDevice(deps, settings), again };
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
