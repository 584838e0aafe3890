/** A dead userspace process is replaced whatever interrupts that, and the runtime's next word decides what the container keeps. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from './attachments.ts';
import { FakeNode, inputFor, keyNamed, patient } from './fake-node.ts';
import { passed, running } from './fake-time.ts';
import { reviveSteps } from '@wgcni/cni';

const key = keyNamed('c1');

let node: FakeNode;
let attachments: Attachments;
let netns: string;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  netns = node.namespace('one');
});
afterEach(() => node.close());

const add = (one = key, path = netns) => attachments.attach(one, inputFor(path), patient(node));
const isWhole = () => attachments.check(key, { netns, addresses: [] });
const events = () => node.events.map(({ event }) => event);

describe('a crash in the middle of a revival', () => {
  it.each(reviveSteps)(
    '(after the step "%s") is followed by another one: address, port and peer as before',
    async (step) => {
      const before = await add();
      await attachments.answered(key);
      const allowed = await node.allowed();
      node.kill(key);
      node.dieAt(`revive/${step}`);
      await running(attachments, async () => {
        node.clock.pass(2_000);
        await expect.poll(() => node.reached).toContain(`revive/${step}`);
      });
      node.failCall = () => {};
      attachments = await node.start();
      await running(attachments, () => passed(node, 2_000));
      await isWhole();
      expect(attachments.get(key)).toMatchObject({ addresses: before.addresses, listenPort: before.listenPort });
      expect(await node.allowed()).toEqual(allowed);
      // What is whole is not made anew once more.
      const { publicKey } = attachments.get(key);
      await running(attachments, () => passed(node, 2_000, 2));
      expect(attachments.get(key).publicKey).toBe(publicKey);
    },
  );
});

it('a revival that fails after the device was made is tried again', async () => {
  await add();
  node.kill(key);
  let failures = 0;
  node.failCall = (name) => {
    // Neither is what was made removed.
    if (name === 'iproute.apply' && failures++ === 0) throw new Error('injected');
  };
  await running(attachments, () => passed(node, 2_000, 2));
  expect(events()).toContain('attachment.revive-failed');
  await isWhole();
});

it('many dead processes are replaced beside each other: one that is slow keeps no other waiting', async () => {
  const others = ['c2', 'c3', 'c4'].map((name) => keyNamed(name));
  await add();
  for (const one of others) await add(one, node.namespace(one.containerId));
  for (const one of [key, ...others]) node.kill(one);
  const settle = node.devices.settle.bind(node.devices);
  node.devices.settle = async (ref) => {
    if (ref.netns === netns) await node.clock.sleep(2_000);
    return settle(ref);
  };
  await running(attachments, async () => {
    node.clock.pass(2_000);
    await expect.poll(() => events().filter((event) => event === 'attachment.revived').length).toBe(3);
    await passed(node, 2_000);
  });
  await isWhole();
});

describe('an ADD of a container whose device was made anew', () => {
  beforeEach(async () => {
    await add();
    await attachments.answered(key);
    node.kill(key);
    await running(attachments, () => passed(node, 2_000));
    expect(events()).toContain('attachment.revived');
  });

  it('replaces it: what the runtime was answered is gone, and it may have seen that', async () => {
    expect((await add()).state).toBe('attached');
    expect(attachments.counts().total).toBe(1);
    expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([1, 1]);
    await isWhole();
  });

  it('is refused once the runtime has found it whole by CHECK', async () => {
    await isWhole();
    await expect(add()).rejects.toMatchObject({ code: 'interface.exists' });
  });
});
