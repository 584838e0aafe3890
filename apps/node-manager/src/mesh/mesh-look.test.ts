/** One look serves all: who asks for none gets the last, who subscribes is told of each, and an old one never hides a newer. */
import { ManualClock } from '@wgcni/testing';
import type { DeviceState } from '@wgcni/wg';
import { expect, it } from 'vitest';
import { type Look, MeshLook } from './mesh-look.ts';

const device = (listenPort: number): DeviceState => ({
  ...{ ref: { id: 'm', name: 'wgcni-mesh' }, publicKey: undefined, listenPort, peers: [] },
});

function looking() {
  const clock = new ManualClock();
  const asked: { resolve: (state: DeviceState | undefined) => void; reject: (error: Error) => void }[] = [];
  const observe = (): Promise<DeviceState | undefined> =>
    new Promise((resolve, reject) => asked.push({ resolve, reject }));
  const look = new MeshLook(observe, clock);
  const told: Look[] = [];
  return { clock, asked, look, told, end: look.onLook((one) => told.push(one)) };
}

it('tells each subscriber what was seen and when the look began, until it has had enough', async () => {
  const { clock, asked, look, told, end } = looking();
  expect(look.last).toBeUndefined();
  const [monotonicMs, wallMs] = [clock.monotonicMs(), clock.wallMs()];
  const first = look.take();
  await clock.advance(40);
  asked[0]?.resolve(device(1));
  expect(await first).toEqual(device(1));
  expect(told).toEqual([{ device: device(1), monotonicMs, wallMs }]);
  expect(look.last).toBe(told[0]);
  const second = look.take();
  asked[1]?.resolve(undefined);
  await second;
  expect(look.last).toMatchObject({ device: undefined, monotonicMs: monotonicMs + 40 });
  end();
  const third = look.take();
  asked[2]?.resolve(device(3));
  await third;
  expect([told.length, look.last?.device?.listenPort]).toEqual([2, 3]);
});

it('keeps the look that began last, whichever ended first', async () => {
  const { asked, look, told } = looking();
  const [one, other] = [look.take(), look.take()];
  asked[1]?.resolve(device(2));
  await other;
  asked[0]?.resolve(device(1));
  expect((await one)?.listenPort).toBe(1);
  expect([look.last?.device?.listenPort, told.length]).toEqual([2, 1]);
});

it('looks again only when the last look is older than asked for', async () => {
  const { clock, asked, look } = looking();
  const first = look.within(1_000);
  asked[0]?.resolve(device(1));
  await first;
  await clock.advance(1_000);
  expect(await look.within(1_000)).toEqual(device(1));
  await clock.advance(1);
  const again = look.within(1_000);
  asked[1]?.resolve(device(2));
  expect(await again).toEqual(device(2));
});

it('keeps the last look when the device cannot be asked', async () => {
  const { asked, look, told } = looking();
  const first = look.take();
  asked[0]?.resolve(device(1));
  await first;
  const failing = look.take();
  asked[1]?.reject(new Error('no wg'));
  await expect(failing).rejects.toThrow('no wg');
  expect([look.last?.device?.listenPort, told.length]).toEqual([1, 1]);
});
