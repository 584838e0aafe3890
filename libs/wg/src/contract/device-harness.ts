/** Where device adapters are tested: a namespace that stands for the node's, and one of a container. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExecIpRoute, type IpRoute } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import type { DeviceRef, WgDevices } from '../port.ts';

export interface DeviceHarness {
  devices: WgDevices;
  ipRoute: IpRoute;
  /** The container's namespace. */
  netns: string;
  removeNetns(): Promise<void>;
  /** Sends one echo request and waits a second for the answer; absent where no packet flows. */
  ping?: (from: 'node' | 'container', address: string) => Promise<boolean>;
  close(): Promise<void>;
}

export interface RealPlace {
  node: ThrowawayNetns;
  container: ThrowawayNetns;
  /** For process records; on disk. */
  stateDir: string;
  /** For key files; on tmpfs. */
  runDir: string;
}

/** Two throw-away namespaces and two directories of random names. */
export async function openPlace(): Promise<RealPlace> {
  return {
    node: await ThrowawayNetns.open(),
    container: await ThrowawayNetns.open(),
    stateDir: await mkdtemp(join(tmpdir(), 'wgcni-state-')),
    runDir: await mkdtemp('/dev/shm/wgcni-run-'),
  };
}

/** Removes both directories, and what is left of the namespaces. */
export async function closePlace(place: RealPlace): Promise<void> {
  await place.container.close();
  await place.node.close();
  await rm(place.stateDir, { recursive: true });
  await rm(place.runDir, { recursive: true });
}

/** A harness of the real kernel around the devices that `open` makes; closing it removes every device of `refs`. */
export async function openRealHarness(open: (place: RealPlace) => Promise<WgDevices>): Promise<DeviceHarness> {
  const place = await openPlace();
  const devices = await open(place);
  return {
    devices,
    ipRoute: new ExecIpRoute({ ownNetns: place.node.path }),
    netns: place.container.path,
    removeNetns: () => place.container.close(),
    ping: (from, address) => ping(from === 'node' ? place.node : place.container, address),
    close: async () => {
      for (const id of await devices.liveIds('')) await devices.remove({ id, name: id });
      await closePlace(place);
    },
  };
}

/** A device id as the node-manager makes them, but random. */
export function randomDeviceId(): string {
  return `wg${randomBytes(6).toString('hex')}`;
}

/** The two ends of one container's tunnel, under random ids. */
export function randomEnds(netns: string): { pods: DeviceRef; eth0: DeviceRef } {
  return { pods: { id: randomDeviceId(), name: 'wgcni-pods' }, eth0: { id: randomDeviceId(), name: 'eth0', netns } };
}

async function ping(netns: ThrowawayNetns, address: string): Promise<boolean> {
  try {
    await netns.run('ping', '-c', '1', '-W', '1', address);
    return true;
  } catch {
    return false;
  }
}
