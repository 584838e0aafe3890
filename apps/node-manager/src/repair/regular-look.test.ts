/** A repair that had to wait is made as soon as it may be, though nothing tells the node that its time has come. */
import { silentLog } from '@wgcni/base';
import { type KernelChange, MemoryKernel, MemorySysctl } from '@wgcni/iproute';
import { ManualClock } from '@wgcni/testing';
import { MemoryDevices, systemKeys } from '@wgcni/wg';
import { expect, it } from 'vitest';
import { MeshDevice, meshRef } from '../mesh/mesh-device.ts';
import { emptyView } from '../view/cluster-view.ts';
import { lookRegularly } from './regular-look.ts';
import { RepairBook } from './repair-book.ts';

const view = {
  ...emptyView,
  network: {
    ...{ networkId: 'net', mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 86_400 },
    pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
  },
  hasJoined: true,
  grants: [{ cidr: '10.64.1.0/24', grantId: 'g1' }],
};
const lastResort = { destination: '10.64.0.0/12', kind: 'unreachable' as const, metric: 1_000_000 };

async function looking() {
  const [clock, kernel, ending] = [new ManualClock(), new MemoryKernel(), new AbortController()];
  const repairs = new RepairBook({ events: { tell: () => {} }, clock });
  const ports = { clock, repairs, log: silentLog, iproute: kernel, sysctl: new MemorySysctl() };
  const mesh = new MeshDevice(
    { ...ports, devices: new MemoryDevices(kernel) },
    {
      ...{ ref: meshRef('n1'), key: systemKeys.generate(), listenPort: 51_820, view: () => view },
      ...{ servers: () => [], forgetDeparted: async () => {} },
    },
  );
  await mesh.reconcile();
  const woken = { mesh: 0, pods: 0 };
  const loop = (name: 'mesh' | 'pods') => ({ trigger: () => ((woken[name] += 1), void mesh.reconcile()) });
  const running = lookRegularly({ ...ports, mesh }, { mesh: loop('mesh'), pods: loop('pods') }, ending.signal);
  const end = async (): Promise<void> => {
    ending.abort();
    await expect(running).rejects.toThrow();
  };
  /** Somebody's change, and the reconcile to which the kernel's event wakes the node. */
  const byHand = async (change: KernelChange): Promise<string[]> => {
    await kernel.apply([change], undefined);
    await mesh.reconcile();
    return mesh.drift();
  };
  return { clock, mesh, repairs, woken, byHand, end };
}

it.each<[string, KernelChange]>([
  ['route', { kind: 'remove-route', route: lastResort }],
  ['MTU', { kind: 'set-link', name: 'wgcni-mesh', mtu: 1_300 }],
])('mends a contested %s again after ten seconds, by the next look', async (_, change) => {
  const { clock, mesh, repairs, woken, byHand, end } = await looking();
  for (let times = 0; times < 3; times += 1) expect(await byHand(change)).toEqual([]);
  expect(await byHand(change)).toHaveLength(1);
  await clock.advance(9_000);
  expect([await mesh.drift(), woken]).toMatchObject([[expect.any(String)], { mesh: 0, pods: 0 }]);
  await clock.advance(3_000);
  expect([await mesh.drift(), woken]).toEqual([[], { mesh: 1, pods: 1 }]);
  expect(repairs.contested).toHaveLength(1);
  await end();
});

it('wakes nobody again for what waited, be it mended meanwhile or left in peace', async () => {
  const { clock, mesh, repairs, woken, byHand, end } = await looking();
  for (let times = 0; times < 4; times += 1) await byHand({ kind: 'remove-route', route: lastResort });
  await clock.advance(60_000);
  expect([await mesh.drift(), woken, repairs.contested]).toEqual([[], { mesh: 1, pods: 1 }, []]);
  await end();
});
