/** A network's MTU that changes reaches the containers that run, and what it cannot reach is named. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from './attachments.ts';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from './fake-node.ts';
import { passed, running } from './fake-time.ts';

let node: FakeNode;
let attachments: Attachments;
let netns: string;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  netns = node.namespace('one');
});
afterEach(() => node.close());

const key = keyNamed('c1');
const add = (one = key, path = netns) => attachments.attach(one, inputFor(path), patient(node));

/** Of the node's devices, then of the first container's. */
async function mtus(): Promise<number[]> {
  const states = await Promise.all([undefined, netns].map((path) => node.kernel.observe(path)));
  return states.flatMap(({ links }) => links.filter(({ isLoopback }) => !isLoopback).map(({ mtu }) => mtu));
}

describe('a new MTU', () => {
  it('that is larger is written to every device within 2 s, and CHECK, result and record agree', async () => {
    await add();
    await attachments.setView(viewOf(undefined, 8920));
    await running(attachments, async () => {
      expect(await mtus()).toEqual([8920, 1420]);
      expect(attachments.waitingForMtu()).toMatchObject([{ containerId: 'c1', mtu: 1420 }]);
      node.clock.pass(2_000);
      await expect.poll(mtus).toEqual([8920, 8920]);
      await expect.poll(() => attachments.get(key).mtu).toBe(8920);
    });
    expect(attachments.waitingForMtu()).toEqual([]);
    expect(node.events.find(({ event }) => event === 'attachment.mtu-changed')?.fields).toMatchObject({
      ...{ containerId: 'c1', from: 1420, mtu: 8920 },
    });
    await attachments.check(key, { netns, addresses: [] });
    expect((await add(keyNamed('c2'), node.namespace('two'))).mtu).toBe(8920);
  });

  it('that is smaller is written to the containers at once', async () => {
    await add();
    await running(attachments, async () => {
      await attachments.setView(viewOf(undefined, 1380));
      await expect.poll(mtus).toEqual([1380, 1380]);
      await expect.poll(() => attachments.get(key).mtu).toBe(1380);
    });
    await attachments.check(key, { netns, addresses: [] });
  });

  it('names the container that it cannot reach, once, and reaches the others', async () => {
    await add();
    await add(keyNamed('c2'), node.namespace('two'));
    node.kernel.removeNamespace(netns);
    await attachments.setView(viewOf(undefined, 1380));
    await running(attachments, async () => {
      await passed(node, 2_000, 2);
      await expect.poll(() => attachments.get(keyNamed('c2')).mtu).toBe(1380);
      await expect
        .poll(() => attachments.waitingForMtu().map(({ why }) => why))
        .toEqual([`its device is not to be found in ${netns}`]);
    });
    const named = node.events.filter(({ event }) => event === 'attachment.mtu-waits');
    expect(named.map(({ fields }) => fields)).toMatchObject([{ containerId: 'c1', from: 1420, mtu: 1380 }]);
    await attachments.release(key);
    expect(attachments.waitingForMtu()).toEqual([]);
  });

  it('looks for no device of addresses alone', async () => {
    await attachments.attach(key, inputFor(netns, { addressesOnly: true }), patient(node));
    await attachments.setView(viewOf(undefined, 1380));
    node.calls.length = 0;
    await running(attachments, () => passed(node, 2_000));
    expect(node.calls).not.toContain('devices.observe');
  });

  it('that comes with a grant less withdraws the grant while an ADD holds its lock', async () => {
    await add();
    let letGo = (): void => {};
    const hung = new Promise<void>((resolve) => (letGo = resolve));
    node.kernel.identify = () => hung.then(() => Promise.reject(new Error('hung')));
    const adding = add().catch(String);
    await attachments.setView(viewOf(['10.64.9.0/28'], 1380));
    expect(await node.allowed()).toEqual([]);
    letGo();
    expect(await adding).toContain('hung');
  });
});
