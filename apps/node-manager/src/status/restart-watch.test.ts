/** Only a device that was there and was not removed is one that was made again. */
import { MemoryKernel } from '@wgcni/iproute';
import { MemoryDevices } from '@wgcni/wg';
import { expect, it } from 'vitest';
import { RestartWatch } from './restart-watch.ts';

const mesh = { id: 'wgid-mesh', name: 'wgcni-mesh' };

function watched() {
  const devices = new MemoryDevices(new MemoryKernel());
  const told: string[] = [];
  const watch = (): RestartWatch => new RestartWatch(devices, ({ name }) => told.push(name));
  return { devices, told, watch };
}

it('tells of a device that was made and went by itself', async () => {
  const { devices, told, watch } = watched();
  const one = watch();
  await one.create(mesh, 1_420);
  expect(told).toEqual([]);
  await devices.remove(mesh);
  await one.create(mesh, 1_420);
  expect(told).toEqual(['wgcni-mesh']);
});

it('tells of one that an earlier life had made, seen by itself or in the list', async () => {
  const { devices, told, watch } = watched();
  await devices.create(mesh, 1_420);
  const [seen, listed] = [watch(), watch()];
  await seen.observe(mesh);
  await listed.liveIds('wgid');
  for (const each of [seen, listed]) {
    await devices.remove(mesh);
    await each.create(mesh, 1_420);
  }
  expect(told).toEqual(['wgcni-mesh', 'wgcni-mesh']);
});

it('tells nothing of one that was removed, nor of one that was never seen', async () => {
  const { devices, told, watch } = watched();
  const one = watch();
  await one.create(mesh, 1_420);
  await one.remove(mesh);
  await one.create(mesh, 1_420);
  await devices.remove(mesh);
  await watch().create(mesh, 1_420);
  expect(told).toEqual([]);
});
