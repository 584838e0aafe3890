/** Direct peers follow the attachments, whatever a device answers, and an address is not reused while somebody sends past the node to it. */
import { type Clock, systemClock } from '@wgcni/base';
import type { DeviceRef, DeviceState, PeerChange } from '@wgcni/wg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Attachments } from '../attachments/index.ts';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from '../attachments/fake-node.ts';
import { DirectPeers } from './direct-peers.ts';

/** Twenty times as quick as ours. */
const clock: Clock = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 20,
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};

let node: FakeNode;
let attachments: Attachments;
let direct: DirectPeers;
let isOn: boolean;
let looks: string[];
/** Devices that do not answer any more. */
let mute: Set<string>;

beforeEach(async () => {
  node = await FakeNode.make();
  isOn = true;
  looks = [];
  mute = new Set();
  await start();
});
afterEach(() => node.close());

describe('containers of one node', () => {
  it('are all direct peers after a run, each with exactly the addresses of the other', async () => {
    for (const name of ['a', 'b', 'c']) await add(name);
    await direct.reconcile();
    expect(direct.status()).toMatchObject({ pairs: 3, due: 0 });
    expect(await routesOf('a')).toEqual({ b: addressesOf('b'), c: addressesOf('c') });
    expect(await routesOf('c')).toEqual({ a: addressesOf('a'), b: addressesOf('b') });
  });

  it('keep only the node when direct peers are switched off, and an ADD then reads no device more', async () => {
    for (const name of ['a', 'b']) await add(name);
    await direct.reconcile();
    isOn = false;
    await direct.reconcile();
    expect([await routesOf('a'), await routesOf('b')]).toEqual([{}, {}]);
    looks = [];
    await add('c');
    await attachments.release(keyNamed('b'));
    expect(taken(), 'nothing is held back').toBe(2);
    await direct.reconcile();
    expect(looks).toEqual([]);
    expect(direct.status()).toMatchObject({ pairs: 0, due: 0 });
  });

  it('forget who leaves before its address is free, and no DEL waits for that', async () => {
    for (const name of ['a', 'b']) await add(name);
    await direct.reconcile();
    const [address] = addressesOf('b');
    await attachments.release(keyNamed('b'));
    expect(taken()).toBe(2);
    const adding = add('c', [address ?? '']);
    await expect.poll(() => node.clock.sleepers).toBe(1);
    await direct.reconcile();
    await adding;
    expect(taken()).toBe(2);
    await direct.reconcile();
    expect(await routesOf('a')).toEqual({ c: addressesOf('c') });
  });

  it('do not hold up a DEL when one of them does not answer, which keeps the address alone from being used again', async () => {
    for (const name of ['a', 'b', 'c']) await add(name);
    await direct.reconcile();
    mute.add(refOf('a').id);
    await attachments.release(keyNamed('b'));
    await direct.reconcile();
    expect(await routesOf('c')).toEqual({ a: addressesOf('a') });
    await direct.reconcile();
    expect(taken()).toBe(3);
    const told = node.events.filter(({ event }) => event === 'direct.remembered');
    expect(told.map(({ fields }) => fields)).toMatchObject([{ by: [refOf('a').id] }]);
    mute.clear();
    const found = expect.poll(() => direct.reconcile().then(() => routesOf('a')), { interval: 10 });
    await found.toEqual({ c: addressesOf('c') });
    expect(taken()).toBe(2);
  });

  it('give an address free again when the one that did not answer is gone', async () => {
    for (const name of ['a', 'b']) await add(name);
    await direct.reconcile();
    mute.add(refOf('a').id);
    await attachments.release(keyNamed('b'));
    await direct.reconcile();
    expect(taken()).toBe(2);
    await attachments.release(keyNamed('a'));
    await direct.reconcile();
    expect(taken()).toBe(0);
    mute.clear();
  });

  it('are put right when a change fails, and when somebody else changes one', async () => {
    for (const name of ['a', 'b']) await add(name);
    let failures = 0;
    node.failCall = (name) => {
      if (name === 'devices.change' && (failures += 1) === 3) throw new Error('refused');
    };
    await direct.reconcile();
    node.failCall = () => {};
    await direct.reconcile();
    expect(direct.status()).toMatchObject({ pairs: 1, due: 0 });
    const { publicKey } = attachments.get(keyNamed('b'));
    await node.devices.change(refOf('a'), [{ kind: 'remove', publicKey: publicKey as never }]);
    const found = expect.poll(() => direct.reconcile().then(() => routesOf('a')), { interval: 100, timeout: 5_000 });
    await found.toEqual({ b: addressesOf('b') });
    expect(await routesOf('b')).toEqual({ a: addressesOf('a') });
  });

  it('are found as they are by a node-manager that starts again, which takes out who left meanwhile', async () => {
    for (const name of ['a', 'b', 'c']) await add(name);
    await direct.reconcile();
    await start();
    const before = node.devices.changed.length;
    await direct.reconcile();
    expect(node.devices.changed.slice(before)).toEqual([]);
    await start();
    await attachments.release(keyNamed('c'));
    expect(taken(), 'nobody has been read yet').toBe(3);
    await direct.reconcile();
    expect(taken()).toBe(2);
    expect(await routesOf('a')).toEqual({ b: addressesOf('b') });
    isOn = false;
    await start();
    await direct.reconcile();
    expect([await routesOf('a'), await routesOf('b')]).toEqual([{}, {}]);
  });

  it('send by the node again when it loses their subnet', async () => {
    for (const name of ['a', 'b']) await add(name);
    await direct.reconcile();
    await attachments.setView(viewOf(['fd64:0:0:3::/64']));
    await direct.reconcile();
    expect([await routesOf('a'), await routesOf('b')]).toEqual([{}, {}]);
  });
});

async function start(): Promise<void> {
  const deps = node.deps();
  direct = new DirectPeers({
    devices: { observe, changeEach: (all) => all.map(({ ref, changes }) => change(deps.devices, ref, changes)) },
    node: deps.podsKey.publicKey,
    current: () => attachments.directDevices().map((device) => ({ ...device, isPeer: device.isPeer && isOn })),
    clock,
    log: deps.log,
  });
  attachments = await Attachments.open({ ...deps, neighbours: direct });
  await attachments.start(viewOf());
}

async function observe(ref: DeviceRef): Promise<DeviceState | undefined> {
  looks.push(ref.id);
  await spoken(ref);
  return node.devices.observe(ref);
}

/** A device that does not answer has carried nothing out; a keepalive towards one that knows the caller is a handshake. */
async function change(
  devices: { change: (ref: DeviceRef, changes: readonly PeerChange[]) => Promise<void> },
  ref: DeviceRef,
  changes: readonly PeerChange[],
): Promise<void> {
  if (await spoken(ref)) throw new Error('it was mute');
  await devices.change(ref, changes);
  const own = (await node.devices.observe(ref))?.publicKey;
  for (const one of changes) {
    if (one.kind !== 'update' || own === undefined || (one.keepaliveSec ?? 0) === 0) continue;
    const other = attachments.directDevices().find(({ publicKey }) => publicKey === one.publicKey);
    if (other === undefined) continue;
    node.devices.hear(ref, one.publicKey, { from: other.endpoint, bytes: 92, at: 1 });
    node.devices.hear(other.ref, own, { from: '127.0.0.1:1', bytes: 148, at: 1 });
  }
}

/** Resolves once the device answers, with whether it was mute before. */
async function spoken(ref: DeviceRef): Promise<boolean> {
  const wasMute = mute.has(ref.id);
  while (mute.has(ref.id)) await systemClock.sleep(5);
  return wasMute;
}

async function add(name: string, requestedIps: string[] = []): Promise<void> {
  await attachments.attach(keyNamed(name), inputFor(node.namespace(name), { requestedIps }), patient(node));
}

function refOf(name: string): DeviceRef {
  const { netns } = attachments.get(keyNamed(name));
  const device = attachments.directDevices().find(({ ref }) => ref.netns === netns);
  if (device === undefined) throw new Error(`${name} has no device`);
  return device.ref;
}

function addressesOf(name: string): string[] {
  return attachments.get(keyNamed(name)).addresses.map(({ address }) => address);
}

/** IPv4 addresses that are not free. */
function taken(): number {
  return attachments.addressUse()[0]?.taken ?? 0;
}

/** What the device of a container sends past the node, by the name of who gets it. */
async function routesOf(name: string): Promise<Record<string, readonly string[]>> {
  const state = await node.devices.observe(refOf(name));
  const names = new Map(attachments.list().map(({ publicKey, containerId }) => [publicKey as string, containerId]));
  const peers = (state?.peers ?? []).filter(({ publicKey }) => publicKey !== node.podsKey.publicKey);
  return Object.fromEntries(peers.map(({ publicKey, allowedIps }) => [names.get(publicKey) ?? publicKey, allowedIps]));
}
