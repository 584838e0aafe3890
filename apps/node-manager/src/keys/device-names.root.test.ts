/** A monitor that was there before our devices tells of what happens on them, whatever it calls them; real kernel, real `ip`. */
import { ExecIpRoute } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { systemClock } from '@wgcni/base';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deviceId } from './device-id.ts';
import { meshNames, passingDevices } from './device-names.ts';

let netns: ThrowawayNetns;
let stop: AbortController;
beforeEach(async () => {
  netns = await ThrowawayNetns.open();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await netns.close();
});

/** Counts the yields of a watch that is over its deaf beginning. */
async function watch(except: readonly string[]): Promise<() => number> {
  const iproute = new ExecIpRoute({ passing: passingDevices('n1'), ownNetns: netns.path });
  let seen = 0;
  void (async () => {
    for await (const _ of iproute.changes(stop.signal, except)) seen += 1;
  })();
  await systemClock.sleep(1_500);
  return () => seen;
}

/** A link that is made under an id and renamed when `ip` has seen it, as a userspace device is. */
async function makeUnderId(id: string, name: string): Promise<void> {
  await netns.run('ip', 'link', 'add', id, 'type', 'veth', 'peer', 'name', 'far');
  await systemClock.sleep(200);
  await netns.run('ip', 'link', 'set', 'dev', id, 'name', name);
  await systemClock.sleep(300);
}

it('tells of an address of the pods device, which it calls by its id', async () => {
  const seen = await watch(meshNames('n1'));
  await makeUnderId(deviceId('n1', 'pods'), 'wgcni-pods');
  const before = seen();
  await netns.run('ip', 'address', 'add', '10.64.1.1/32', 'dev', 'wgcni-pods');
  await expect.poll(seen, { timeout: 1_500 }).toBeGreaterThan(before);
});

it('passes over a route of the mesh device for who asked so, and tells the others', async () => {
  const [others, all] = await Promise.all([watch(meshNames('n1')), watch([])]);
  await makeUnderId(deviceId('n1', 'mesh'), 'wgcni-mesh');
  await netns.run('ip', 'link', 'set', 'dev', 'wgcni-mesh', 'up');
  await systemClock.sleep(300);
  const before = [others(), all()];
  await netns.run('ip', 'address', 'add', '10.64.1.1/32', 'dev', 'wgcni-mesh');
  await expect.poll(all, { timeout: 1_500 }).toBeGreaterThan(before[1] ?? 0);
  expect(others()).toBe(before[0]);
});
